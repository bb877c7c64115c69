#include "mail/spf/check_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/sorting.h"
#include "mail/spf/compiled.h"
#include "mail/spf/limits.h"
#include "mail/spf/message.h"

namespace rampart::spf {
namespace {

// The outcomes of one mechanism (RFC 7208 section 5).
enum class Match { No, Yes, TempError, PermError };

Outcome outcome_of(Qualifier qualifier) {
  if (qualifier == Qualifier::Pass) return Outcome::Pass;
  if (qualifier == Qualifier::Fail) return Outcome::Fail;
  return qualifier == Qualifier::SoftFail ? Outcome::SoftFail : Outcome::Neutral;
}

// One run of check_host(). A term whose answer is missing adds its question and counts as no match,
// so that one pass collects the questions of all terms within the limits: the number of rounds then
// follows the depth of includes, not the number of terms.
class Evaluation {
 public:
  Evaluation(RecordCache& cache, const Client& client)
      : cache_(cache), message_(client), ip_(number_of(client.ip)) {}

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
  bool is_known(const CompiledRecord& compiled);
  void explain();

  RecordCache& cache_;
  Message message_;
  Address ip_;
  Verdict verdict_;
  int depth_ = 0;
  CompiledRecord* decided_ = nullptr;  ///< The record whose `exp` explains a fail.
  std::optional<ValidatedNames> names_;
  bool names_complete_ = false;
};

Match Evaluation::error(Match kind, std::string reason) {
  // The innermost error is the cause; the includes around it only pass it on.
  if (verdict_.reason.empty()) verdict_.reason = std::move(reason);
  return kind;
}

Match Evaluation::count_lookup(const Target& target) {
  verdict_.lookups += target.uses_p ? 2 : 1;  // `%{p}` resolves PTR names as `ptr` does.
  // Counted before the lookup, as receivers do: the eleventh term fails even if it would match.
  if (verdict_.lookups <= kMaxLookups) return Match::No;
  return error(Match::PermError, "more than ten terms need DNS lookups (RFC 7208 section 4.6.4)");
}

Match Evaluation::count_void(const std::string& where) {
  if (++verdict_.void_lookups <= kMaxVoidLookups) return Match::No;
  return error(
      Match::PermError,
      fmt::format("{} is the third void lookup, and two are allowed (RFC 7208 section 4.6.4)",
                  where));
}

// Whether the record's TXT question has an answer; adds it to `unknown` where not.
bool Evaluation::is_known(const CompiledRecord& compiled) {
  if (compiled.state != CompiledRecord::State::Unasked) return true;
  verdict_.unknown.push_back({compiled.domain, RecordType::TXT});
  return false;
}

const std::vector<Name>& Evaluation::client_names() {
  if (!names_) {
    const std::size_t before = verdict_.unknown.size();
    names_ = validated_names(message_.client.ip, cache_.answers(), verdict_.unknown);
    // Once a run: the names do not depend on the record, and a missing answer is noted only once.
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
  // Within an include `d` is the included domain, so it comes from the record and not from the
  // message.
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
  // Unlike other mechanisms, whose malformed target matches nothing: without the record the meaning
  // of an include is unknown.
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
  // RFC 7208 section 5.2, the table: errors of the included record are errors of this one, and only
  // a pass matches.
  if (outcome == Outcome::TempError) return Match::TempError;
  if (outcome == Outcome::PermError) return Match::PermError;
  if (outcome != Outcome::None) return Match::No;
  // RFC 7208 section 5.2: an include without a record is an error, because the owner meant to admit
  // somebody.
  return error(Match::PermError, fmt::format("the included {} {} (RFC 7208 section 5.2)",
                                             included.domain.text(), included.problem));
}

// The addresses of a static target are cached with the record: most clients are checked against the
// same a and mx terms. An incomplete result is not cached, since its answers are still to come.
Match Evaluation::match_hosts(CompiledRecord& compiled, const CompiledDirective& step) {
  const Family family = message_.client.ip.family();
  const auto name = step.target->dynamic ? name_of(compiled, *step.target) : step.target->name;
  if (!name) return Match::No;  // RFC 7208 section 4.8: a malformed target matches nothing.
  auto& cached = step.target->hosts[static_cast<std::size_t>(family)];
  std::optional<ResolvedHosts> fresh;
  if (!cached) {
    const std::size_t before = verdict_.unknown.size();
    const auto find = step.mechanism == Mechanism::A ? address_hosts : mx_hosts;
    fresh = find(*name, family, cache_.answers(), verdict_.unknown);
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
  const Address prefix = ~step.hosts_of(family);
  for (const Address address : hosts.addresses) {
    if (((address ^ ip_) & prefix) == 0) return Match::Yes;
  }
  // After the addresses: a host that answered and matches decides, though another one failed.
  if (!hosts.failure.empty()) return error(Match::TempError, hosts.failure);
  return hosts.is_void ? count_void(name->text()) : Match::No;
}

// RFC 7208 section 5.5 discourages `ptr`, but receivers still evaluate it. The names were validated
// forward, so an attacker's own reverse zone proves nothing.
Match Evaluation::match_ptr(CompiledRecord& compiled, Target& target) {
  const auto name = name_of(compiled, target);
  // RFC 7208 section 5.5: a failed PTR lookup is no error, the mechanism just does not match.
  const auto& names = client_names();
  if (name && std::ranges::any_of(names, [&](const Name& own) { return own.is_within(*name); })) {
    return Match::Yes;
  }
  return names_->is_void ? count_void(reverse_name(message_.client.ip).text()) : Match::No;
}

// RFC 7208 section 5.7: always an A query, for IPv6 clients too; any address at all is a match,
// whatever it is.
Match Evaluation::match_exists(CompiledRecord& compiled, Target& target) {
  const auto name = name_of(compiled, target);
  if (!name) return Match::No;
  const Answer* answer = find_or_note(cache_.answers(), {*name, RecordType::A}, verdict_.unknown);
  if (!answer) return Match::No;
  if (answer->status == AnswerStatus::Failed) {
    return error(Match::TempError,
                 fmt::format("{} could not be resolved ({})", name->text(), answer->detail));
  }
  return is_void(*answer) ? count_void(name->text()) : Match::Yes;
}

// Order matters: the lookup counts before it is known whether its macros can be expanded, so that a
// round without answers reaches the same limits as the final one.
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
    // RFC 7208 section 6.2: the `exp` of an included record is not used; that of a redirect's
    // target is.
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
  // Only for this round: `unknown` is not empty, so the verdict is not final.
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
  const Family family = message_.client.ip.family();
  for (std::size_t i = 0; i < compiled.steps.size(); ++i) {
    const CompiledDirective& step = compiled.steps[i];
    if (step.mechanism == Mechanism::Ip4 || step.mechanism == Mechanism::Ip6) {
      const bool covers = ((step.network ^ ip_) & ~step.hosts_of(family)) == 0;
      if (step.family == family && covers) return decide(compiled, i);
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
  const Answer* answer = find_or_note(cache_.answers(), {*name, RecordType::TXT}, verdict_.unknown);
  // An explanation that cannot be read is left out, like one that does not exist.
  if (!answer || answer->values_or_none().size() != 1) return;
  const auto parts = parse_macros(answer->values_or_none()[0], MacroPlace::Explanation);
  if (!parts) return;
  verdict_.explanation = expand(*parts, [&](char letter) { return value_of(*decided_, letter); });
}

// Where no answer is missing, this is the final verdict; otherwise only `unknown` of the result
// counts, and the caller resolves it and runs again from the start.
Verdict Evaluation::run() {
  verdict_.domain = message_.domain;
  // An address literal, such as `user@[192.0.2.1]`, has no domain to look up.
  if (message_.domain.starts_with('[')) return verdict_;
  // By text first: a log of a million messages has few domains, and parsing each name again would
  // dominate.
  CompiledRecord* compiled = cache_.at_text(message_.domain);
  // RFC 7208 section 4.3: a malformed or single-label domain has no result.
  if (!compiled || compiled->domain.parent().is_root()) return verdict_;
  if (!is_known(*compiled)) return verdict_;
  verdict_.outcome = check(*compiled);
  if (verdict_.outcome == Outcome::Fail) explain();
  // Each level appends its match after the level below returned, so the outermost is last.
  std::ranges::reverse(verdict_.path);
  if (verdict_.outcome == Outcome::PermError || verdict_.outcome == Outcome::TempError) {
    // A path to an error would read like the reason for a decision.
    verdict_.path.clear();
  } else {
    verdict_.reason.clear();
  }
  sort_unique(verdict_.unknown);
  return verdict_;
}

}  // namespace

std::string_view to_text(Outcome outcome) {
  constexpr std::array<std::string_view, 7> kNames = {"none",     "neutral",   "pass",     "fail",
                                                      "softfail", "temperror", "permerror"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Evaluator::Evaluator(const Answers& answers) : cache_(std::make_unique<RecordCache>(answers)) {}
// Here and not in the header, where RecordCache is incomplete.
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Verdict Evaluator::check_host(const Client& client) { return Evaluation(*cache_, client).run(); }

Verdict check_host(const Client& client, const Answers& answers) {
  return Evaluator(answers).check_host(client);
}

}  // namespace rampart::spf
