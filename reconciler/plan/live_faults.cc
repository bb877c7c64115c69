#include "reconciler/plan/live_faults.h"

#include <algorithm>
#include <map>
#include <set>

#include "policies/model/lookup.h"
#include "policies/records/live_faults.h"

namespace rampart {
namespace {

using FindingsByDomain = std::map<Name, std::vector<const Finding*>>;

FindingsByDomain by_domain(const std::vector<Finding>& findings) {
  FindingsByDomain sorted;
  for (const Finding& finding : findings) {
    if (finding.domain) sorted[*finding.domain].push_back(&finding);
  }
  return sorted;
}

// A domain has several selectors, and each may have the same fault; of its other records it has one
// of each kind.
bool is_reported(const LiveFault& live, const Name& domain, const FindingsByDomain& reported) {
  const auto* known = find_value(reported, domain);
  if (known == nullptr) return false;
  const bool selector = name_kind(live.key.name) == NameKind::DkimSelector;
  return std::ranges::any_of(*known, [&](const Finding* finding) {
    return finding->code == live.fault.code &&
           (!selector || finding->message.find(live.key.name.text()) != std::string::npos);
  });
}

// Another tool keeps the record: no plan can correct it.
bool is_kept_elsewhere(const LiveFault& live, const Domain& domain) {
  const bool selector = name_kind(live.key.name) == NameKind::DkimSelector;
  return selector ? domain.dkim == Upkeep::Unmanaged
                  : domain.leaves_spf() && live.fault.code.starts_with("spf-");
}

// The domain whose selector a name is; null for a name that is none, or of no listed domain.
const Domain* owner_of_selector(const Name& name, const Config& config) {
  if (name_kind(name) != NameKind::DkimSelector) return nullptr;
  const auto labels = name.labels();
  if (std::ranges::count(labels, "_domainkey") != 1) return nullptr;
  Name owner = name;
  for (const std::string_view label : labels) {
    owner = owner.parent();
    if (label == "_domainkey") break;
  }
  return find_value(config.domains, owner);
}

}  // namespace

// One walk over the selectors of each zone, whatever the number of domains in it. Two providers of
// one zone have the same faults, and sorting the plan drops the second.
void report_live_faults(const Config& config, const World& world, Plan& plan) {
  std::set<RecordKey> written;
  for (const Change& change : plan.changes) {
    if (change.set.after) written.insert({change.name(), change.type()});
  }
  std::vector<Finding> found;
  const FindingsByDomain reported = by_domain(plan.findings);
  const auto report = [&](std::vector<LiveFault> faults, const Domain& domain) {
    for (LiveFault& live : faults) {
      if (is_reported(live, domain.name, reported)) continue;
      live.fault.severity = is_kept_elsewhere(live, domain)
                                ? Severity::Info
                                : std::max(live.fault.severity, Severity::Warning);
      if (written.contains(live.key)) live.fault.hint = "this plan replaces the record";
      found.push_back(to_finding(std::move(live.fault), domain.name, domain.mark));
    }
  };
  for (const auto& [name, domain] : config.domains) {
    // What is removed needs no repair.
    if (domain.state == DomainState::Absent) continue;
    for (const LiveZone* zone : world.zones_for(domain, name)) {
      report(record_faults(domain, *zone), domain);
    }
  }
  for (const LiveZone& zone : world.zones) {
    for (const auto& [key, live] : zone.sets) {
      if (key.type != RecordType::TXT) continue;
      const Domain* domain = owner_of_selector(key.name, config);
      if (domain == nullptr || domain->state == DomainState::Absent) continue;
      if (contains(domain->providers, zone.provider)) report(key_faults(key, live), *domain);
    }
  }
  std::ranges::move(found, std::back_inserter(plan.findings));
}

}  // namespace rampart
