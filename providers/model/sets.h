/// What every adapter checks before it writes, and the one wording of what it then reports.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "dns/record.h"

namespace rampart {

/// RRsets by name and type.
using RecordSets = std::map<RecordKey, RecordSet>;

/// A TTL as a host gives it; 0 for what is none, from 2^31 on too (RFC 2181 section 8).
std::chrono::seconds sound_ttl(std::int64_t ttl);

/// Returns the set at a key, or null where there is none.
using SetLookup = std::function<const RecordSet*(const RecordKey&)>;

/// A lookup in `sets`, which must outlive it.
SetLookup lookup_in(const RecordSets& sets);

/// Whether the zone holds exactly `side` (one of the change's own sides), of both types that the
/// change involves: a type that `side` does not have must be absent.
bool holds(const SetLookup& set_at, const SetChange& change, const std::optional<TypedSet>& side);

/// The Error, with `conflict` set, for a set that somebody else changed after it was read.
Error conflict_at(const RecordKey& key);

/// A conflict where the zone no longer holds what `change` was made for, its `before`.
Result<Ok> check_before(const SetLookup& set_at, const SetChange& change);

/// The set that a change removes as a whole: it deletes it, or puts another type in its place.
std::optional<RecordKey> removed_key(const SetChange& change);

/// The names that the changes concern, sorted, each once.
std::vector<Name> names_in(std::span<const SetChange> changes);

/// An Error for the first change whose name is outside `zone`.
Result<Ok> check_within(const Name& zone, std::span<const SetChange> changes);

/// An Error for the first change that would put a record below a DNAME (RFC 6672 section 2.4): some
/// servers then refuse the whole zone. `exists` reports the sets that the zone is known to hold.
Result<Ok> check_no_dname_above(const std::function<bool(const RecordKey&)>& exists,
                                const Name& zone, std::span<const SetChange> changes);

/// An Error for the first new TXT value of more than `most` octets.
Result<Ok> check_txt_sizes(std::span<const SetChange> changes, int most);

}  // namespace rampart
