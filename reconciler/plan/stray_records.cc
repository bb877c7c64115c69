#include "reconciler/plan/stray_records.h"

#include <set>

#include "policies/model/lookup.h"
#include "policies/rules/strays.h"

namespace rampart {
namespace {

// The listed domain that `name` is in: the nearest one above it, or itself.
const Domain* nearest_domain(Name name, const Config& config) {
  for (; !name.is_root(); name = name.parent()) {
    if (const Domain* domain = find_value(config.domains, name)) return domain;
  }
  return nullptr;
}

// A record at any name may be meant for the CNAMEs that lead to it.
std::set<std::string> cname_targets(const World& world) {
  std::set<std::string> targets;
  for (const LiveZone& zone : world.zones) {
    for (const auto& [key, live] : zone.sets) {
      if (key.type != RecordType::CNAME) continue;
      for (const ParsedValue& value : live.set.values) targets.insert(value.text());
    }
  }
  return targets;
}

// Whether a policy of the domain looks at the value already: SPF at the domain itself, and what is
// no DMARC at its `_dmarc`.
bool reported_by_policy(const Domain& domain, const RecordKey& key, const std::string& value) {
  if (key.name == domain.name) return spf_near_miss(key, value).has_value();
  const auto dmarc = domain.name.child("_dmarc");
  const bool at_dmarc = dmarc && key.name == *dmarc;
  return at_dmarc && domain.dmarc.position.phase >= Phase::Monitor &&
         near_miss(key, value).has_value();
}

}  // namespace

// One walk over each zone, whatever the number of domains in it. Two providers of one zone have the
// same records, which are reported once.
void report_stray_records(const Config& config, const World& world, Plan& plan) {
  const std::set<std::string> targets = cname_targets(world);
  std::set<std::pair<RecordKey, std::string>> seen;
  for (const LiveZone& zone : world.zones) {
    if (!zone.complete) continue;
    for (const auto& [key, live] : zone.sets) {
      const bool read = key.type == RecordType::TXT || key.type == RecordType::CNAME;
      if (!read || live.state != LiveState::Present || targets.contains(key.name.text())) continue;
      const Domain* domain = nearest_domain(key.name, config);
      if (domain == nullptr) continue;
      for (const ParsedValue& value : live.set.values) {
        if (reported_by_policy(*domain, key, value.text())) continue;
        auto fault = rules::stray_record(domain->name, key, value.text());
        if (!fault || !seen.emplace(key, value.text()).second) continue;
        plan.findings.push_back(to_finding(std::move(*fault), domain->name, domain->mark));
      }
    }
  }
}

}  // namespace rampart
