/// Builds one canonical record from the terms of all senders.
#include "policies/spf/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

using spf::Mechanism;
using spf::Qualifier;

// Cheap mechanisms come first, so that receivers reach a match before they spend lookups.
int rank_of(const spf::Directive& directive) {
  if (directive.mechanism == Mechanism::All) return 9;
  if (directive.qualifier != Qualifier::Pass) return 0;
  constexpr std::array kOrder = {Mechanism::Ip4, Mechanism::Ip6,     Mechanism::A,
                                 Mechanism::Mx,  Mechanism::Include, Mechanism::Exists,
                                 Mechanism::Ptr};
  const auto rank = std::ranges::find(kOrder, directive.mechanism);
  return 1 + static_cast<int>(rank - kOrder.begin());
}

/// Gathers the terms of all senders and of `spf:` before it orders them.
class Builder {
 public:
  Builder(const Domain& domain, Time now) : domain_(domain), now_(now) {}

  DesiredSpf build() {
    const SpfSpec spec = domain_.spf.value_or(SpfSpec{});
    for (const SenderUse& use : domain_.declared_senders()) add_sender(use);
    add_spec(spec);
    finish(spec);
    return std::move(wanted_);
  }

 private:
  // A sender that needs no term is explained once, because people look for the include that its
  // manual asks for.
  void add_sender(const SenderUse& use) {
    const Sender& sender = *use.sender;
    if (is_retired(use, now_)) return;
    if (!uses_spf(use)) {
      if (use.spf == SpfUse::Never || sender.spf.empty()) return;
      report(Severity::Info, "spf-include-unneeded",
             fmt::format("{} needs no SPF term here: {}", sender.id, why_unneeded(sender)),
             "nothing to do; `spf: always` on this sender adds its term anyway", use.mark);
      return;
    }
    for (const std::string& term : sender.spf) {
      const auto filled = fill_spf_term(term, use, domain_.name);
      if (filled) {
        add_term(*filled, sender.id, use.mark);
      } else {
        report(Severity::Error, "sender-placeholder",
               fmt::format("{} needs `{}`, but {}", sender.id, term, filled.error().what),
               "give the value under `with:`, as the vendor's setup page shows it", use.mark);
      }
    }
  }

  // Terms are keyed by rank and text: the record does not depend on the order of the YAML, and a
  // term that two senders require appears once.
  void add_term(const std::string& text, const std::string& from, const Mark& mark) {
    const auto read = spf::parse_terms(text);
    if (!read) {
      report(Severity::Error, "spf-term-invalid",
             fmt::format("the SPF term of {} cannot be read: {}", from, sentence(read.error())),
             "correct the term; one bad term makes receivers ignore the whole record "
             "(RFC 7208 section 4.6)",
             mark);
      return;
    }
    for (const spf::Directive& directive : read->directives) {
      const std::string printed = spf::print(directive);
      terms_.emplace(std::pair(rank_of(directive), printed), directive);
      origins_[printed].insert(from);
    }
    for (const spf::Modifier& modifier : read->modifiers) {
      if (contains(wanted_.record.modifiers, modifier)) continue;
      wanted_.record.modifiers.push_back(modifier);
    }
  }

  // A failing `all` before DMARC enforces rejects mail without any report.
  void add_spec(const SpfSpec& spec) {
    for (const std::string& term : spec.extra) add_term(term, "extra", spec.mark);
    if (spec.redirect) add_term("redirect=" + *spec.redirect, "redirect", spec.mark);
    if (spec.exp) add_term("exp=" + *spec.exp, "exp", spec.mark);
    if (spec.all == '-' && domain_.dmarc.position.phase < Phase::Quarantine) {
      report(Severity::Warning, "spf-fail-early",
             fmt::format("`all: fail` is set before enforcement (phase {})",
                         to_text(domain_.dmarc.position.phase)),
             "use `all: softfail` until DMARC is at quarantine: with `-all` receivers may reject "
             "mail that passes DKIM, and no report shows it",
             spec.mark);
    }
  }

  // Without `all` the record would end in neutral; beside one a redirect would be ignored (RFC 7208
  // section 6.1). Modifiers have a fixed order, so that equal declarations give equal records.
  void finish(const SpfSpec& spec) {
    for (auto& [order, directive] : terms_) {
      for (const std::string& from : origins_[order.second]) {
        wanted_.origins.push_back({order.second, from});
      }
      wanted_.record.directives.push_back(std::move(directive));
    }
    const bool ends =
        contains(wanted_.record.directives, Mechanism::All, &spf::Directive::mechanism);
    if (!ends && !wanted_.record.find_modifier("redirect")) {
      wanted_.record.directives.push_back(
          {.qualifier = static_cast<Qualifier>(spec.all), .mechanism = Mechanism::All});
    }
    std::ranges::sort(wanted_.record.modifiers, {}, [](const spf::Modifier& modifier) {
      return std::pair(modifier.name != "redirect", modifier.name + "=" + modifier.value);
    });
  }

  // Every Error here would break the whole record, so that it withholds the record.
  void report(Severity severity, CodeName code, std::string message, std::string hint,
              const Mark& mark) {
    Finding finding =
        marked(finding_of(domain_, severity, code, std::move(message), std::move(hint)), mark);
    if (severity == Severity::Error) finding.withholds = {spf_key(domain_)};
    wanted_.findings.push_back(std::move(finding));
  }

  const Domain& domain_;
  Time now_;
  DesiredSpf wanted_;
  std::map<std::pair<int, std::string>, spf::Directive> terms_;  ///< In the record's order.
  std::map<std::string, std::set<std::string>> origins_;
};

/// The length of a placeholder's name at the front of `text`, which follows its brace. Only
/// lower-case names are placeholders, so that SPF macros are left alone.
std::size_t placeholder_length(std::string_view text) {
  const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
  return end != std::string_view::npos && text[end] == '}' ? end : 0;
}

}  // namespace

bool manages_spf(const Domain& domain) {
  return domain.state == DomainState::Managed && domain.declares_spf() &&
         domain.dmarc.position.phase >= Phase::Spf;
}

std::optional<std::chrono::seconds> spf_ttl(const Domain& domain) {
  return declared_ttl(domain, domain.spf ? domain.spf->ttl : std::nullopt);
}

RecordKey spf_key(const Domain& domain) { return {domain.name, RecordType::TXT}; }

DesiredSpf desired_spf(const Domain& domain, Time now) { return Builder(domain, now).build(); }

std::set<std::string> senders_of(const std::string& term, const DesiredSpf& desired) {
  std::set<std::string> senders;
  for (const SpfOrigin& origin : desired.origins) {
    if (origin.term == term) senders.insert(origin.sender);
  }
  return senders;
}

std::string shown_origin(const std::string& sender) {
  return sender == "extra" ? "`extra:`" : sender;
}

bool uses_spf(const SenderUse& use) {
  if (use.spf != SpfUse::Auto) return use.spf == SpfUse::Always;
  return use.sender->include_needed == IncludeNeeded::Yes;
}

// Facts of the catalogue, worded for somebody who expected a term.
std::string_view why_unneeded(const Sender& sender) {
  switch (sender.include_needed) {
    case IncludeNeeded::No:
      return "its MAIL FROM is in its own domain, so receivers check SPF there";
    case IncludeNeeded::Optional:
      return "its MAIL FROM can be in its own domain or in one of yours, where receivers check SPF";
    case IncludeNeeded::Legacy:
      return "its include is obsolete and no longer admits anything useful";
    default:
      return "it sends no mail of its own";
  }
}

// `%{i}` is an SPF macro and `{user}` a placeholder of the catalogue: the percent sign decides.
Result<std::string> fill_spf_term(std::string_view term, const SenderUse& use, const Name& domain) {
  std::string filled;
  for (std::size_t at = 0; at < term.size();) {
    const bool macro = at > 0 && term[at - 1] == '%';
    const std::size_t length =
        term[at] == '{' && !macro ? placeholder_length(term.substr(at + 1)) : 0;
    if (length == 0) {
      filled += term[at++];
      continue;
    }
    const std::string_view placeholder = term.substr(at, length + 2);
    const auto value = fill(placeholder, domain, use.with);
    if (!value) return Error{fmt::format("`with:` has no value for `{}`", placeholder)};
    filled += *value;
    at += placeholder.size();
  }
  return filled;
}

// Errors were reported when the record was built, so they are skipped here.
std::vector<std::string> terms_of(const SenderUse& use, const Name& domain) {
  std::vector<std::string> terms;
  for (const std::string& term : use.sender->spf) {
    const auto filled = fill_spf_term(term, use, domain);
    if (!filled) continue;
    const auto read = spf::parse_terms(*filled);
    if (!read) continue;
    for (const spf::Directive& directive : read->directives) terms.push_back(spf::print(directive));
  }
  return terms;
}

const SenderUse* use_of_term(const std::string& term, const Domain& domain) {
  for (const SenderUse& use : domain.declared_senders()) {
    if (contains(terms_of(use, domain.name), term)) return &use;
  }
  return nullptr;
}

std::vector<ParsedValue> live_spf(const LiveZone& zone, const Domain& domain) {
  std::vector<ParsedValue> found;
  const LiveSet live = zone.at(spf_key(domain));
  if (live.state != LiveState::Present) return found;
  std::ranges::copy_if(live.set.values, std::back_inserter(found),
                       [](const ParsedValue& value) { return value.kind() == RecordKind::Spf; });
  return found;
}

}  // namespace rampart
