/// Checks before a write.
#include "providers/model/sets.h"

#include <fmt/format.h>

#include <algorithm>

namespace rampart {
namespace {

/// Whether the zone holds `side` as far as `type` is concerned.
bool holds_type(const SetLookup& set_at, const SetChange& change,
                const std::optional<TypedSet>& side, RecordType type) {
  const RecordSet* const found = set_at({change.name, type});
  const bool expected = side && side->type == type;
  return expected ? found != nullptr && *found == side->set : found == nullptr;
}

}  // namespace

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

Error conflict_at(const RecordKey& key) {
  return Error{.what = fmt::format("{} {} is not as it was read; plan again", key.name.text(),
                                   to_text(key.type)),
               .conflict = true};
}

Result<Ok> check_before(const SetLookup& set_at, const SetChange& change) {
  for (const std::optional<TypedSet>* side : {&change.before, &change.after}) {
    if (!*side || holds_type(set_at, change, change.before, (*side)->type)) continue;
    return conflict_at({change.name, (*side)->type});
  }
  return Ok{};
}

std::optional<RecordKey> removed_key(const SetChange& change) {
  if (!change.before) return std::nullopt;
  if (change.after && change.after->type == change.before->type) return std::nullopt;
  return RecordKey{change.name, change.before->type};
}

Result<Ok> check_within(const Name& zone, std::span<const SetChange> changes) {
  for (const SetChange& change : changes) {
    if (change.name.is_within(zone)) continue;
    return Error{.what = fmt::format("{} is outside the zone {}", change.name.text(), zone.text())};
  }
  return Ok{};
}

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
