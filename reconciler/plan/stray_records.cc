#include "reconciler/plan/stray_records.h"

#include <algorithm>
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

// Whether another rule is about the value: SPF at the domain itself, what is no DMARC at its
// `_dmarc`, and a misspelt key at a selector.
bool has_own_rule(const Domain& domain, const RecordKey& key, const std::string& value) {
  // No policy evaluates the records of a parked domain one by one.
  const bool managed = domain.state == DomainState::Managed;
  if (managed && key.name == domain.name) return spf_near_miss(key, value).has_value();
  const auto dmarc = domain.name.child("_dmarc");
  if (managed && dmarc && key.name == *dmarc) return near_miss(key, value).has_value();
  return name_kind(key.name) == NameKind::DkimSelector && own_near_miss(key, value).has_value() &&
         std::ranges::count(key.name.labels(), "_domainkey") == 1;
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
        if (has_own_rule(*domain, key, value.text())) continue;
        auto fault = rules::stray_record(domain->name, key, value.text());
        if (!fault || !seen.emplace(key, value.text()).second) continue;
        plan.findings.push_back(to_finding(std::move(*fault), domain->name, domain->mark));
      }
    }
  }
}

}  // namespace rampart
