/// Which wildcard of a zone answers for a name that has no record (RFC 4592).
#include "policies/model/wildcards.h"

#include <algorithm>

namespace rampart {
namespace {

// A zone that was read lists its wildcards among its sets; of a zone that was queried, only their
// owners and types are known.
bool owns_records(const Name& owner, const LiveZone& zone) {
  const auto known = zone.wildcards.lower_bound({owner, RecordType{}});
  if (known != zone.wildcards.end() && known->name == owner) return true;
  for (auto row = zone.sets.lower_bound({owner, RecordType{}});
       row != zone.sets.end() && row->first.name == owner; ++row) {
    if (row->second.state == LiveState::Present) return true;
  }
  return false;
}

}  // namespace

bool exists_in(const Name& name, const LiveZone& zone) {
  if (owns_records(name, zone)) return true;
  return std::ranges::any_of(zone.sets, [&name](const auto& row) {
    return row.second.state == LiveState::Present && row.first.name.is_within(name);
  });
}

// The lowest wildcard above the name decides: where the name on the way to it exists, all names
// above that exist as well, so that no higher wildcard can answer either.
std::optional<Name> wildcard_for(const Name& name, const LiveZone& zone) {
  if (!name.is_within(zone.apex)) return std::nullopt;
  for (Name at = name; at != zone.apex; at = at.parent()) {
    const auto owner = at.parent().child("*");
    if (!owner || !owns_records(*owner, zone)) continue;
    return exists_in(at, zone) ? std::nullopt : std::optional(*owner);
  }
  return std::nullopt;
}

bool has_wildcard(const RecordKey& key, const LiveZone& zone) {
  return zone.wildcards.contains(key) || zone.at(key).state == LiveState::Present;
}

}  // namespace rampart
