/// Finds which part of a record changes, and names the cause of that part alone.
#include "reconciler/plan/change_reasons.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "policies/model/lookup.h"
#include "policies/spf/record.h"

namespace rampart {
namespace {

using Reasons = std::vector<std::string>;

std::vector<const ParsedValue*> values_of(const std::optional<ParsedTypedSet>& set,
                                          RecordKind kind) {
  std::vector<const ParsedValue*> found;
  if (!set) return found;
  for (const ParsedValue& value : set->set.values) {
    if (value.kind() == kind) found.push_back(&value);
  }
  return found;
}

/// The parts of an SPF record that have different causes.
struct SpfParts {
  std::set<std::string> terms;      ///< All directives but `all`, as printed.
  std::set<std::string> modifiers;  ///< "redirect=example.net".
  std::string end;                  ///< "~all"; empty without one.
};

SpfParts spf_parts(const spf::Record& record) {
  SpfParts parts;
  for (const spf::Directive& one : record.directives) {
    if (one.mechanism == spf::Mechanism::All) {
      parts.end = spf::print(one);
    } else {
      parts.terms.insert(spf::print(one));
    }
  }
  for (const spf::Modifier& one : record.modifiers) {
    parts.modifiers.insert(one.name + "=" + one.value);
  }
  return parts;
}

// The senders whose terms are new. Empty where a term has no sender of its own, such as a network
// of a flattened one.
std::string senders_of_added(const DesiredSpf& wanted, const SpfParts& old, const SpfParts& now) {
  std::set<std::string> senders;
  for (const std::string& term : now.terms) {
    if (old.terms.contains(term)) continue;
    const std::set<std::string> of_term = senders_of(term, wanted);
    if (of_term.empty()) return "";
    for (const std::string& sender : of_term) senders.insert(shown_origin(sender));
  }
  return fmt::format("{}", fmt::join(senders, ", "));
}

std::string why_end(const std::string& end) {
  if (end == "-all") return "because `all:` is fail";
  if (end == "?all") return "because `all:` is neutral";
  if (end == "~all") return "because `all:` is softfail, which is its default";
  return fmt::format("because the YAML requires {}", end);
}

// A removed term that a declared sender still needs is one that its networks replace.
void add_why_removed(const DesiredSpf& wanted, const SpfParts& old, const SpfParts& now,
                     Reasons& reasons) {
  bool flattened = false;
  bool unneeded = false;
  for (const std::string& term : old.terms) {
    if (now.terms.contains(term)) continue;
    (senders_of(term, wanted).empty() ? unneeded : flattened) = true;
  }
  if (flattened) reasons.push_back("because networks from spf.lock replace the flattened terms");
  if (unneeded) reasons.push_back("because no declared sender needs the removed terms");
}

// Each part has its own cause: the senders of a record require its terms, but are no cause of a
// term that is removed, nor of how the record ends.
Reasons spf_reasons(const DesiredSpf& wanted, const spf::Record& before, const spf::Record& after,
                    const std::string& reason) {
  const SpfParts old = spf_parts(before);
  const SpfParts now = spf_parts(after);
  Reasons reasons;
  if (!std::ranges::includes(old.terms, now.terms)) {
    const std::string added = senders_of_added(wanted, old, now);
    reasons.push_back(added.empty() ? reason : "because the added terms come from " + added);
  }
  add_why_removed(wanted, old, now, reasons);
  if (now.end != old.end && !now.end.empty()) {
    reasons.push_back(why_end(now.end));
  }
  if (now.modifiers != old.modifiers) {
    reasons.push_back("because the YAML declares other modifiers");
  }
  // Equal parts in another order.
  return reasons.empty() ? Reasons{reason} : reasons;
}

// Whether the tags that a step of the ramp sets are equal.
bool same_step(const dmarc::Record& before, const dmarc::Record& after) {
  return before.p == after.p && before.pct == after.pct && before.testing == after.testing;
}

// Several records of a kind become one. The desired record's own reason counts only where it is
// new.
Reasons one_record_reasons(const std::vector<const ParsedValue*>& values,
                           const DesiredRecord& desired) {
  Reasons reasons;
  if (desired.kind == RecordKind::Spf) {
    reasons.emplace_back("because a name may hold one SPF record only (RFC 7208 section 4.5)");
  } else if (desired.kind == RecordKind::Dmarc) {
    reasons.emplace_back("because a name may hold one DMARC record only (RFC 9989 section 4.10)");
  } else {
    reasons.emplace_back("because a name may hold one such record only");
  }
  const bool published = std::ranges::any_of(
      values, [&](const ParsedValue* one) { return same_meaning(*one, *desired.value); });
  if (!published) reasons.push_back(desired.reason);
  return reasons;
}

Reasons reasons_of(const Domain& domain, const std::optional<ParsedTypedSet>& before,
                   const DesiredRecord& desired, Time now) {
  const std::vector<const ParsedValue*> values = values_of(before, desired.kind);
  if (values.size() > 1 && desired.value) return one_record_reasons(values, desired);
  const ParsedValue* old = values.empty() ? nullptr : values.front();
  // The reasons of parked and absent domains are about the whole record.
  if (old == nullptr || !desired.value || domain.state != DomainState::Managed) {
    return {desired.reason};
  }
  const bool own_name = desired.key.name == domain.name;
  if (own_name && old->spf() && desired.value->spf()) {
    return spf_reasons(desired_spf(domain, now), *old->spf(), *desired.value->spf(),
                       desired.reason);
  }
  if (old->dmarc() && desired.value->dmarc() &&
      same_step(old->dmarc()->lenient.record, desired.value->dmarc()->lenient.record)) {
    return {"because the YAML declares other values of these tags"};
  }
  return {desired.reason};
}

bool same_meanings(const ParsedValues& before, const ParsedValues& after) {
  return before.size() == after.size() && std::ranges::all_of(after, [&](const auto& value) {
           return std::ranges::any_of(before,
                                      [&](const auto& old) { return same_meaning(old, value); });
         });
}

}  // namespace

// A change that leaves the meaning of every value as it is has a reason of its own.
std::vector<std::string> change_reasons(const Domain& domain,
                                        const std::optional<ParsedTypedSet>& before,
                                        const std::optional<ParsedTypedSet>& after,
                                        std::span<const DesiredRecord> desired_records, Time now) {
  if (before && after && before->type == after->type) {
    if (before->set.values == after->set.values) return {"because the YAML declares this TTL"};
    if (same_meanings(before->set.values, after->set.values)) {
      return {"because --normalize rewrites a record whose meaning stays the same"};
    }
  }
  Reasons reasons;
  for (const DesiredRecord& desired : desired_records) {
    std::ranges::move(reasons_of(domain, before, desired, now), std::back_inserter(reasons));
  }
  return reasons;
}

}  // namespace rampart
