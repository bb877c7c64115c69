#include "mail/spf/check_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mail/spf/compiled.h"
#include "mail/spf/limits.h"
#include "mail/spf/message.h"

namespace rampart::spf {
namespace {

enum class Match { No, Yes, TempError, PermError };

Outcome outcome_of(Qualifier qualifier) {
  switch (qualifier) {
    case Qualifier::Pass:
      return Outcome::Pass;
    case Qualifier::Fail:
      return Outcome::Fail;
    case Qualifier::SoftFail:
      return Outcome::SoftFail;
    case Qualifier::Neutral:
      return Outcome::Neutral;
  }
  return Outcome::Neutral;
}

// One run of check_host(). A term whose answer is missing adds its question and counts as no match,
// so that one pass collects the questions of all terms within the limits: the number of rounds then
// follows the depth of includes, not the number of terms.
class Evaluation {
 public:
  Evaluation(RecordCache& cache, const Client& client)
      : cache_(cache), message_(client), ip_(bits_of(client.ip)) {}

  Verdict run();

 private:
  Outcome check(CompiledRecord& compiled);
  Outcome decide(CompiledRecord& compiled, std::size_t index);
  Outcome follow(CompiledRecord& compiled, Target& redirect);
  Match match(CompiledRecord& compiled, const CompiledDirective& step);
  Match match_include(CompiledRecord& compiled, Target& target);
  Match match_hosts(CompiledRecord& compiled, const CompiledDirective& step);
  Match match_ptr(CompiledRecord& compiled, Target& target);
  Match match_exists(CompiledRecord& compiled, Target& target);
  Match count_lookup(const Target& target);
  Match count_void(const std::string& where);
  Match error(Match kind, std::string reason);

  std::optional<Name> name_of(CompiledRecord& compiled, const Target& target);
  std::string value_of(const CompiledRecord& compiled, char letter);
  const std::vector<Name>& client_names();
  bool can_expand(const Target& target);
  bool covers(const AddressBits& mask, const AddressBits& address) const;
  bool is_known(const CompiledRecord& compiled);
  void explain();

  RecordCache& cache_;
  Message message_;
  AddressBits ip_;
  Verdict verdict_;
  int depth_ = 0;
  CompiledRecord* decided_ = nullptr;  ///< The record whose `exp` explains a fail.
  std::optional<ValidatedNames> names_;
  bool names_complete_ = false;
};

Match Evaluation::error(Match kind, std::string reason) {
  if (verdict_.reason.empty()) verdict_.reason = std::move(reason);
  return kind;
}

Match Evaluation::count_lookup(const Target& target) {
  verdict_.lookups += target.uses_p ? 2 : 1;  // `%{p}` resolves PTR names as `ptr` does.
  if (verdict_.lookups <= kMaxLookups) return Match::No;
  return error(Match::PermError, "more than ten terms need DNS lookups (RFC 7208 section 4.6.4)");
}

Match Evaluation::count_void(const std::string& where) {
  if (++verdict_.void_lookups <= kMaxVoidLookups) return Match::No;
  return error(
      Match::PermError,
      fmt::format("{} is the third lookup without an answer (RFC 7208 section 4.6.4)", where));
}

// Whether the record's TXT question has an answer; adds it to `unknown` where not.
bool Evaluation::is_known(const CompiledRecord& compiled) {
  if (compiled.state != CompiledRecord::State::Unasked) return true;
  verdict_.unknown.push_back({compiled.domain, RecordType::TXT});
  return false;
}

bool Evaluation::covers(const AddressBits& mask, const AddressBits& address) const {
  return ((address.high ^ ip_.high) & mask.high) == 0 && ((address.low ^ ip_.low) & mask.low) == 0;
}

const std::vector<Name>& Evaluation::client_names() {
  if (!names_) {
    const std::size_t before = verdict_.unknown.size();
    names_ = validated_names(message_.client.ip, cache_.answers(), verdict_.unknown);
    names_complete_ = verdict_.unknown.size() == before;
  }
  return names_->names;
}

// Whether all answers that the target's macros need are known.
bool Evaluation::can_expand(const Target& target) {
  if (!target.uses_p) return true;
  client_names();
  return names_complete_;
}

std::string Evaluation::value_of(const CompiledRecord& compiled, char letter) {
  if (letter == 'd') return compiled.raw;
  if (letter == 'p') return name_for_p(client_names(), compiled.domain);
  return macro_value(message_, letter);
}

std::optional<Name> Evaluation::name_of(CompiledRecord& compiled, const Target& target) {
  if (!target.dynamic) return target.name;
  const std::string text =
      expand(target.spec, [&](char letter) { return value_of(compiled, letter); });
  return name_from_octets(shorten_name(text));
}

Match Evaluation::match_include(CompiledRecord& compiled, Target& target) {
  const auto name = target.dynamic ? name_of(compiled, target) : std::nullopt;
  if (target.dynamic ? !name : !target.name) {
    return error(Match::PermError,
                 "an include does not name a valid domain (RFC 7208 section 4.3)");
  }
  CompiledRecord& included = name ? cache_.at(*name) : cache_.of(target);
  if (!is_known(included)) return Match::No;
  if (included.state == CompiledRecord::State::None && included.is_void &&
      count_void(included.domain.text()) == Match::PermError) {
    return Match::PermError;
  }
  // The path of an include that does not pass is dropped again.
  const std::size_t path = verdict_.path.size();
  ++depth_;
  const Outcome outcome = check(included);
  --depth_;
  if (outcome == Outcome::Pass) return Match::Yes;
  verdict_.path.resize(path);
  if (outcome == Outcome::TempError) return Match::TempError;
  if (outcome == Outcome::PermError) return Match::PermError;
  if (outcome != Outcome::None) return Match::No;
  return error(Match::PermError, fmt::format("the included {} {} (RFC 7208 section 5.2)",
                                             included.domain.text(), included.problem));
}

// The addresses of a static target are cached with the record: most clients are checked against the
// same a and mx terms. An incomplete result is not cached, since its answers are still to come.
Match Evaluation::match_hosts(CompiledRecord& compiled, const CompiledDirective& step) {
  const bool v6 = message_.client.ip.v6;
  const auto name = step.target->dynamic ? name_of(compiled, *step.target) : step.target->name;
  if (!name) return Match::No;  // RFC 7208 section 4.8: a malformed target matches nothing.
  std::unique_ptr<const ResolvedHosts>& cached = step.target->hosts[v6 ? 1 : 0];
  std::optional<ResolvedHosts> fresh;
  if (!cached) {
    const std::size_t before = verdict_.unknown.size();
    const auto find = step.mechanism == Mechanism::A ? address_hosts : mx_hosts;
    fresh = find(*name, v6, cache_.answers(), verdict_.unknown);
    if (!step.target->dynamic && verdict_.unknown.size() == before) {
      cached = std::make_unique<const ResolvedHosts>(*fresh);
    }
  }
  const ResolvedHosts& hosts = fresh ? *fresh : *cached;
  if (hosts.too_many) {
    return error(Match::PermError, fmt::format("{} has more than ten MX names "
                                               "(RFC 7208 section 4.6.4)",
                                               name->text()));
  }
  const AddressBits& mask = v6 ? step.mask6 : step.mask4;
  for (const AddressBits& address : hosts.addresses) {
    if (covers(mask, address)) return Match::Yes;
  }
  if (!hosts.failure.empty()) return error(Match::TempError, hosts.failure);
  return hosts.is_void ? count_void(name->text()) : Match::No;
}

Match Evaluation::match_ptr(CompiledRecord& compiled, Target& target) {
  const auto name = name_of(compiled, target);
  const auto& names = client_names();
  if (name && std::ranges::any_of(names, [&](const Name& own) { return own.is_within(*name); })) {
    return Match::Yes;
  }
  return names_->is_void ? count_void(reverse_name(message_.client.ip).text()) : Match::No;
}

Match Evaluation::match_exists(CompiledRecord& compiled, Target& target) {
  const auto name = name_of(compiled, target);
  if (!name) return Match::No;
  const Answer* answer = find_answer(cache_.answers(), *name, RecordType::A);
  if (!answer) {
    verdict_.unknown.push_back({*name, RecordType::A});
    return Match::No;
  }
  if (answer->status == AnswerStatus::Failed) {
    return error(Match::TempError,
                 fmt::format("{} could not be resolved ({})", name->text(), answer->detail));
  }
  return is_void(*answer) ? count_void(name->text()) : Match::Yes;
}

Match Evaluation::match(CompiledRecord& compiled, const CompiledDirective& step) {
  if (step.mechanism == Mechanism::All) return Match::Yes;
  if (count_lookup(*step.target) == Match::PermError) return Match::PermError;
  if (!can_expand(*step.target)) return Match::No;
  switch (step.mechanism) {
    case Mechanism::Include:
      return match_include(compiled, *step.target);
    case Mechanism::Ptr:
      return match_ptr(compiled, *step.target);
    case Mechanism::Exists:
      return match_exists(compiled, *step.target);
    default:
      return match_hosts(compiled, step);
  }
}

// The outcome of the directive at `index`, which matched.
Outcome Evaluation::decide(CompiledRecord& compiled, std::size_t index) {
  const Directive& directive = compiled.record.directives[index];
  const Outcome outcome = outcome_of(directive.qualifier);
  if (depth_ == 0) {
    verdict_.matched = print(directive);
    decided_ = &compiled;
  }
  if (depth_ == 0 || outcome == Outcome::Pass) {
    verdict_.path.push_back(compiled.domain.text() + ": " + print(directive));
  }
  return outcome;
}

// RFC 7208 section 6.1: the target's verdict is the result; a target without a record is an error.
Outcome Evaluation::follow(CompiledRecord& compiled, Target& redirect) {
  if (count_lookup(redirect) == Match::PermError) return Outcome::PermError;
  if (!can_expand(redirect)) return Outcome::TempError;
  const auto name = name_of(compiled, redirect);
  if (!name) {
    error(Match::PermError, "the redirect does not name a valid domain (RFC 7208 section 6.1)");
    return Outcome::PermError;
  }
  CompiledRecord& target = cache_.at(*name);
  if (!is_known(target)) return Outcome::TempError;
  if (target.state == CompiledRecord::State::None && target.is_void) {
    count_void(target.domain.text());
  }
  const Outcome outcome = check(target);
  if (outcome != Outcome::None) return outcome;
  error(Match::PermError, fmt::format("the redirect's target {} {} (RFC 7208 section 6.1)",
                                      target.domain.text(), target.problem));
  return Outcome::PermError;
}

// Section 4.6: directives in order, the first match decides; then redirect, otherwise neutral. ip4
// and ip6, by far the most frequent terms, are compared inline and cost no lookup.
Outcome Evaluation::check(CompiledRecord& compiled) {
  switch (compiled.state) {
    case CompiledRecord::State::Ready:
      break;
    case CompiledRecord::State::None:
      return Outcome::None;
    case CompiledRecord::State::PermError:
      error(Match::PermError, compiled.domain.text() + " " + compiled.problem);
      return Outcome::PermError;
    case CompiledRecord::State::TempError:
    case CompiledRecord::State::Unasked:
      error(Match::TempError, compiled.domain.text() + " " + compiled.problem);
      return Outcome::TempError;
  }
  const bool v6 = message_.client.ip.v6;
  for (std::size_t i = 0; i < compiled.steps.size(); ++i) {
    const CompiledDirective& step = compiled.steps[i];
    if (step.mechanism == Mechanism::Ip4 || step.mechanism == Mechanism::Ip6) {
      if (step.v6 == v6 && covers(step.mask, step.network)) return decide(compiled, i);
      continue;
    }
    switch (match(compiled, step)) {
      case Match::No:
        break;
      case Match::Yes:
        return decide(compiled, i);
      case Match::TempError:
        return Outcome::TempError;
      case Match::PermError:
        return Outcome::PermError;
    }
  }
  return compiled.redirect ? follow(compiled, *compiled.redirect) : Outcome::Neutral;
}

// RFC 7208 section 6.2: any failure here only means that there is no explanation.
void Evaluation::explain() {
  if (!decided_ || !decided_->exp) return;
  const auto name = can_expand(*decided_->exp) ? name_of(*decided_, *decided_->exp) : std::nullopt;
  if (!name || !verdict_.unknown.empty()) return;
  const Answer* answer = find_answer(cache_.answers(), *name, RecordType::TXT);
  if (!answer) {
    verdict_.unknown.push_back({*name, RecordType::TXT});
    return;
  }
  if (answer->status != AnswerStatus::Data || answer->values.size() != 1) return;
  const auto parts = parse_macros(answer->values[0], MacroPlace::Explanation);
  if (!parts) return;
  verdict_.explanation = expand(*parts, [&](char letter) { return value_of(*decided_, letter); });
}

Verdict Evaluation::run() {
  verdict_.domain = message_.domain;
  if (message_.domain.starts_with('[')) return verdict_;  // An address literal.
  CompiledRecord* compiled = cache_.at_text(message_.domain);
  // RFC 7208 section 4.3: a malformed or single-label domain has no result.
  if (!compiled || compiled->domain.parent().is_root()) return verdict_;
  if (!is_known(*compiled)) return verdict_;
  verdict_.outcome = check(*compiled);
  if (verdict_.outcome == Outcome::Fail) explain();
  std::ranges::reverse(verdict_.path);
  if (verdict_.outcome == Outcome::PermError || verdict_.outcome == Outcome::TempError) {
    verdict_.path.clear();
  } else {
    verdict_.reason.clear();
  }
  std::ranges::sort(verdict_.unknown);
  const auto again = std::ranges::unique(verdict_.unknown);
  verdict_.unknown.erase(again.begin(), again.end());
  return verdict_;
}

}  // namespace

std::string_view to_text(Outcome outcome) {
  constexpr std::array<std::string_view, 7> kNames = {"none",     "neutral",   "pass",     "fail",
                                                      "softfail", "temperror", "permerror"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Evaluator::Evaluator(const Answers& answers) : cache_(std::make_unique<RecordCache>(answers)) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Verdict Evaluator::check_host(const Client& client) { return Evaluation(*cache_, client).run(); }

Verdict check_host(const Client& client, const Answers& answers) {
  return Evaluator(answers).check_host(client);
}

}  // namespace rampart::spf
