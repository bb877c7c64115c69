/// The live records at a name, gathered over every provider that serves it.
#include "policies/model/live.h"

#include <algorithm>

namespace rampart {

// Sets that could not be read are left out rather than shown as empty: empty would mean that
// nothing is published.
std::vector<LiveSet> live_sets(const Domain& domain, const World& world, const RecordKey& key) {
  std::vector<LiveSet> sets;
  for (const LiveZone* zone : world.zones_for(domain, key.name)) {
    LiveSet live = zone->at(key);
    if (live.state != LiveState::Unobservable) sets.push_back(std::move(live));
  }
  return sets;
}

bool any_unread(const Domain& domain, const World& world, const RecordKey& key) {
  return std::ranges::any_of(world.zones_for(domain, key.name), [&](const LiveZone* zone) {
    return zone->at(key).state == LiveState::Unobservable;
  });
}

// Two providers usually hold the same values, so each is returned once. Of servers that disagree,
// the first one's values count: they are live somewhere.
std::vector<ParsedValue> live_values(const Domain& domain, const World& world, const RecordKey& key,
                                     RecordKind kind) {
  ParsedValues found;
  for (const LiveSet& live : live_sets(domain, world, key)) {
    if (live.state == LiveState::Absent) continue;
    for (const ParsedValue& value : live.set.values) {
      if (value.kind() == kind) found.insert(value);
    }
  }
  return {found.begin(), found.end()};
}

// Empty where the YAML is silent: the diff then keeps the live TTL, so that a plan does not change
// what nobody declared.
std::optional<std::chrono::seconds> declared_ttl(const Domain& domain,
                                                 std::optional<std::chrono::seconds> own) {
  return own ? own : domain.ttl;
}

}  // namespace rampart
