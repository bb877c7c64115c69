/// Checks before a write.
#include "providers/model/sets.h"

#include <fmt/format.h>

#include <set>

namespace rampart {
namespace {

/// Whether the zone holds `side` as far as `type` is concerned. A type that the change does not
/// expect must be absent, since a CNAME excludes others.
bool holds_type(const SetLookup& set_at, const SetChange& change,
                const std::optional<TypedSet>& side, RecordType type) {
  const RecordSet* const found = set_at({change.name, type});
  const bool expected = side && side->type == type;
  return expected ? found != nullptr && *found == side->set : found == nullptr;
}

}  // namespace

// A host that gives one TTL beyond the range would else make a World that cannot be read again.
std::chrono::seconds sound_ttl(std::int64_t ttl) {
  constexpr std::int64_t kMostTtl = 0x7FFFFFFF;
  return std::chrono::seconds(ttl >= 0 && ttl <= kMostTtl ? ttl : 0);
}

// A function and not the map, because some hosts hold sets that no RecordSet can express.
SetLookup lookup_in(const RecordSets& sets) {
  return [&sets](const RecordKey& key) {
    const auto found = sets.find(key);
    return found == sets.end() ? nullptr : &found->second;
  };
}

bool holds(const SetLookup& set_at, const SetChange& change, const std::optional<TypedSet>& side) {
  return (!change.before || holds_type(set_at, change, side, change.before->type)) &&
         (!change.after || holds_type(set_at, change, side, change.after->type));
}

// One wording for every host: `apply` and its documentation refer to it.
Error conflict_at(const RecordKey& key) {
  return Error{.what = fmt::format("{} {} is not as it was read; plan again", key.name.text(),
                                   to_text(key.type)),
               .conflict = true};
}

// Both types of a change are checked, as it may replace one by the other.
Result<Ok> check_before(const SetLookup& set_at, const SetChange& change) {
  for (const std::optional<TypedSet>* side : {&change.before, &change.after}) {
    if (!*side || holds_type(set_at, change, change.before, (*side)->type)) continue;
    return conflict_at({change.name, (*side)->type});
  }
  return Ok{};
}

// A change within one type replaces the set and removes nothing.
std::optional<RecordKey> removed_key(const SetChange& change) {
  if (!change.before) return std::nullopt;
  if (change.after && change.after->type == change.before->type) return std::nullopt;
  return RecordKey{change.name, change.before->type};
}

std::vector<Name> names_in(std::span<const SetChange> changes) {
  std::set<Name> names;
  for (const SetChange& change : changes) names.insert(change.name);
  return {names.begin(), names.end()};
}

// Hosts append the zone to such a name and would create another record.
Result<Ok> check_within(const Name& zone, std::span<const SetChange> changes) {
  for (const SetChange& change : changes) {
    if (change.name.is_within(zone)) continue;
    return Error{.what = fmt::format("{} is outside the zone {}", change.name.text(), zone.text())};
  }
  return Ok{};
}

// The plan has checked this already; a DNAME may have been added since.
Result<Ok> check_no_dname_above(const std::function<bool(const RecordKey&)>& exists,
                                const Name& zone, std::span<const SetChange> changes) {
  for (const SetChange& change : changes) {
    if (!change.after) continue;
    for (Name at = change.name; at != zone && at.is_within(zone);) {
      at = at.parent();
      if (!exists({at, RecordType::DNAME})) continue;
      return Error{.what = fmt::format("{} is below the DNAME at {}: no record can exist there",
                                       change.name.text(), at.text())};
    }
  }
  return Ok{};
}

// Refused before the first write: a host refuses it too, but after other changes were made.
Result<Ok> check_txt_sizes(std::span<const SetChange> changes, int most) {
  for (const SetChange& change : changes) {
    if (!change.after || change.after->type != RecordType::TXT) continue;
    for (const std::string& value : change.after->set.values) {
      if (std::ssize(value) <= most) continue;
      return Error{.what = fmt::format("the TXT value at {} has {} octets; this provider takes at "
                                       "most {}",
                                       change.name.text(), value.size(), most)};
    }
  }
  return Ok{};
}

}  // namespace rampart
