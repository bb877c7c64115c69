/// Checks of what is published below a domain's `_domainkey`.
#include "policies/dkim/live.h"

#include <fmt/format.h>

#include <algorithm>

#include "policies/dkim/key_files.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/rules/dkim.h"
#include "policies/rules/names.h"

namespace rampart {
namespace {

// Whether a provider publishes this very CNAME already: then its fault is not the plan's.
bool is_live_cname(const Domain& domain, const World& world, const RecordKey& key,
                   const Name& target) {
  const auto live = live_values(domain, world, key, RecordKind::DkimCname);
  return any_unread(domain, world, key) || contains(live, target.text(), &ParsedValue::text);
}

// The message names the target as it is in the zone, because a person compares it with the vendor's
// page. Who could take the name shows at its registered domain, which is a further question.
// An Error withholds the CNAME; one that is live already has a Warning.
void report_dangling(const Domain& domain, const World& world, const RecordKey& key,
                     const Name& target, PolicyResult& policy_result) {
  rules::Faults faults = {rules::selector_dangling(domain.name, key.name, target)};
  rules::add(faults, rules::takeover(rules::selector_reference(domain.name, key.name),
                                     rules::read_name(target, RecordType::TXT, world.answers,
                                                      policy_result.unknown)));
  const bool live = is_live_cname(domain, world, key, target);
  for (rules::Fault& fault : faults) {
    fault.severity = live ? Severity::Warning : Severity::Error;
    Finding finding = to_finding(std::move(fault), domain.name, domain.mark);
    if (!live) finding.withholds = {key};
    policy_result.findings.push_back(std::move(finding));
  }
}

// The TXT values at a CNAME's target, as they count at the selector. The kind of a value depends on
// the name that it is read at, and verifiers read it at the selector.
std::vector<ParsedValue> vendor_values(const Name& selector,
                                       const std::vector<std::string>& texts) {
  std::vector<ParsedValue> values;
  for (const std::string& text : texts) {
    values.emplace_back(RecordKey{selector, RecordType::TXT}, text);
  }
  return values;
}

// The targets that a new one replaces. Where one does not exist, no mail can be signed with it, and
// the guardrail on removed keys lets it go; so the answers must be there when it looks.
void check_replaced(const Domain& domain, const World& world, const Name& selector,
                    const Name& target, PolicyResult& policy_result) {
  const RecordKey key{selector, RecordType::CNAME};
  for (const ParsedValue& value : live_values(domain, world, key, RecordKind::DkimCname)) {
    const auto old = Name::parse(value.text());
    if (!old || *old == target) continue;
    const Answer* answer = find_answer(world.answers, *old, RecordType::TXT);
    if (answer == nullptr) {
      policy_result.unknown.push_back({*old, RecordType::TXT});
    } else if (answer->status == AnswerStatus::NxDomain) {
      report_dangling(domain, world, key, *old, policy_result);
    }
  }
}

// Faults of the vendor's key itself. Only the vendor can repair it, so it withholds nothing.
void check_vendor_key(const Domain& domain, const Name& selector, const Name& target,
                      const ParsedKey& key, PolicyResult& policy_result) {
  rules::Faults faults;
  if (key.record.revoked()) {
    faults.push_back(rules::key_revoked(selector, target));
  } else if (key.shape) {
    add(faults, rules::key_too_short(selector, *key.shape, rules::KeyHolder::Vendor));
    add(faults, rules::key_too_long(selector, *key.shape));
  }
  for (rules::Fault& fault : faults) {
    fault.severity = Severity::Warning;
    policy_result.findings.push_back(to_finding(std::move(fault), domain.name, domain.mark));
  }
}

// A selector in a listing, with its CNAME's target where it is one. A dangling delegation is worse
// than an undeclared one, so only the graver of the two is reported.
void report_selector(const Domain& domain, const World& world, const RecordKey& key,
                     const LiveSet& live, PolicyResult& policy_result) {
  const bool delegated = key.type == RecordType::CNAME && !live.set.values.empty();
  const auto target = delegated ? Name::parse(live.set.values.begin()->text()) : Name::root();
  if (delegated && target) {
    const Answer* answer = find_answer(world.answers, *target, RecordType::TXT);
    if (answer == nullptr) {
      policy_result.unknown.push_back({*target, RecordType::TXT});
    } else if (answer->status == AnswerStatus::NxDomain) {
      return report_dangling(domain, world, key, *target, policy_result);
    }
  }
  policy_result.findings.push_back(
      finding_of(domain, Severity::Info, "selector-undeclared",
                 fmt::format("the selector {} is published in the zone but not declared in the "
                             "YAML: anyone who holds its key can sign as {}",
                             key.name.text(), domain.name.text()),
                 "declare it under `dkim:`, or remove it by hand when nothing signs with it"));
}

// Whether somebody could sign with the records here; nobody can with a revoked key. A CNAME counts
// without a look at its target: the vendor may publish a key there at any time.
bool is_selector(const LiveSet& live) {
  if (live.state != LiveState::Present) return false;
  return std::ranges::any_of(live.set.values, [](const ParsedValue& value) {
    if (value.kind() != RecordKind::DkimKey) return value.kind() == RecordKind::DkimCname;
    return value.key() == nullptr || !value.key()->record.revoked();
  });
}

}  // namespace

// The key at a CNAME's target belongs to the vendor: whatever is wrong with it is a warning, and
// the CNAME is published all the same, since vendors check it before they publish the key. A name
// that does not exist is no vendor's: it was mistyped, or can be taken by somebody else.
void check_target(const Domain& domain, const World& world, const Name& selector,
                  const Name& target, PolicyResult& policy_result) {
  check_replaced(domain, world, selector, target, policy_result);
  const Answer* answer = find_answer(world.answers, target, RecordType::TXT);
  if (answer == nullptr) {
    policy_result.unknown.push_back({target, RecordType::TXT});
  } else if (answer->status == AnswerStatus::NxDomain) {
    report_dangling(domain, world, {selector, RecordType::CNAME}, target, policy_result);
  } else if (answer->status == AnswerStatus::Failed) {
    policy_result.findings.push_back(
        finding_of(domain, Severity::Warning, "dkim-unresolved",
                   fmt::format("the target {} of {} could not be resolved: {}", target.text(),
                               selector.text(), answer->detail),
                   "the CNAME is published anyway; check the key when DNS answers"));
  } else {
    // Only data and none are left here.
    const auto values = vendor_values(selector, answer->values_or_none());
    if (!contains(values, RecordKind::DkimKey, &ParsedValue::kind)) {
      policy_result.findings.push_back(
          to_finding(rules::target_without_key(selector, target), domain.name, domain.mark));
    }
    for (const ParsedValue& value : values) {
      if (value.key()) check_vendor_key(domain, selector, target, *value.key(), policy_result);
    }
  }
}

// Only a complete listing can show a selector that nobody declared; names cannot be enumerated by
// queries.
void report_undeclared(const Domain& domain, const World& world, const std::set<Name>& declared,
                       PolicyResult& policy_result) {
  if (!domain.rotations.empty()) report_unnamed_keys(domain, world, policy_result);
  const auto below = domain.name.child("_domainkey");
  if (!below) return;
  std::set<Name> reported;
  for (const LiveZone* zone : world.zones_for(domain, domain.name)) {
    if (!zone->complete) continue;
    for (const auto& [key, live] : zone->sets) {
      const bool ours = key.name.is_within(*below) && !declared.contains(key.name);
      if (!ours || !is_selector(live) || !reported.insert(key.name).second) continue;
      report_selector(domain, world, key, live, policy_result);
    }
  }
}

}  // namespace rampart
