/// Finds which part of a record changes, and names the cause of that part alone.
#include "reconciler/plan/change_reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "policies/model/lookup.h"

namespace rampart {
namespace {

using Reasons = std::vector<std::string>;

/// The only value of a kind; null where there is none, or several of which receivers use none.
const ParsedValue* only_value(const std::optional<ParsedTypedSet>& set, RecordKind kind) {
  if (!set) return nullptr;
  const auto is_kind = [&](const ParsedValue& value) { return value.kind() == kind; };
  const auto& values = set->set.values;
  if (std::ranges::count_if(values, is_kind) != 1) return nullptr;
  return &*std::ranges::find_if(values, is_kind);
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

// The senders of a record require its terms. They are no cause of a term that goes, nor of how the
// record ends.
Reasons spf_reasons(const spf::Record& before, const spf::Record& after,
                    const std::string& reason) {
  const SpfParts old = spf_parts(before);
  const SpfParts now = spf_parts(after);
  Reasons reasons;
  if (!std::ranges::includes(old.terms, now.terms)) reasons.push_back(reason);
  if (!std::ranges::includes(now.terms, old.terms)) {
    reasons.push_back("because the YAML does not require the removed terms");
  }
  if (now.end != old.end && !now.end.empty()) {
    reasons.push_back(
        fmt::format("because `all:` of the YAML, or its default, requires {}", now.end));
  }
  if (now.modifiers != old.modifiers) {
    reasons.push_back("because the YAML declares other modifiers");
  }
  // Equal parts in another order.
  return reasons.empty() ? Reasons{reason} : reasons;
}

// A step of the ramp changes these tags alone.
bool same_step(const dmarc::Record& before, const dmarc::Record& after) {
  return before.p == after.p && before.pct == after.pct && before.testing == after.testing;
}

Reasons reasons_of(const Domain& domain, const std::optional<ParsedTypedSet>& before,
                   const DesiredRecord& desired) {
  const ParsedValue* old = only_value(before, desired.kind);
  // The reasons of parked and absent domains are about the whole record.
  if (old == nullptr || !desired.value || domain.state != DomainState::Managed) {
    return {desired.reason};
  }
  const bool own_name = desired.key.name == domain.name;
  if (own_name && old->spf() && desired.value->spf()) {
    return spf_reasons(*old->spf(), *desired.value->spf(), desired.reason);
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

// What leaves every record as it is comes first: then no reason of a record applies.
std::vector<std::string> change_reasons(const Domain& domain,
                                        const std::optional<ParsedTypedSet>& before,
                                        const std::optional<ParsedTypedSet>& after,
                                        std::span<const DesiredRecord> desired_records) {
  if (before && after && before->type == after->type) {
    if (before->set.values == after->set.values) return {"because the YAML declares this TTL"};
    if (same_meanings(before->set.values, after->set.values)) {
      return {"because --normalize rewrites a record whose meaning stays the same"};
    }
  }
  Reasons reasons;
  for (const DesiredRecord& desired : desired_records) {
    std::ranges::move(reasons_of(domain, before, desired), std::back_inserter(reasons));
  }
  return reasons;
}

}  // namespace rampart
