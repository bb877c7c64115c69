/// From changes of sets to the prerequisites and single values of dynamic updates.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "providers/model/provider.h"
#include "providers/rfc2136/wire.h"

namespace rampart {

/// A set as a server stores it: its TTL, and each value with its RDATA. A TXT value can be stored
/// more than once, split into strings differently.
struct StoredSet {
  std::uint32_t ttl = 0;
  std::map<std::string, std::vector<std::string>> rdata;  ///< By value.
};

/// A zone's sets, or those at some of its names.
using StoredSets = std::map<RecordKey, StoredSet>;

/// The sets of records; where TTLs of one set differ, the smallest (RFC 2181 section 5.2).
StoredSets stored_sets(std::span<const WireRecord> records);

/// The set as a Provider returns it.
RecordSet plain(const StoredSet& set);

/// The prerequisites and changes of `change`, where `stored` is live at its name. A conflict where
/// its `before` is not.
Result<Update> update_for(const Name& zone, const SetChange& change, const StoredSets& stored);

/// The updates joined into as few messages of at most `most` octets as possible; the changes of one
/// name stay in one message.
std::vector<Update> packed(const Name& zone, std::span<const SetChange> changes,
                           std::span<const Update> updates, std::size_t most);

}  // namespace rampart
