/// From changes of sets to the prerequisites and single values of dynamic updates.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "providers/model/provider.h"
#include "providers/rfc2136/wire.h"

namespace rampart {

/// A set as a server stores it: its TTL, and each value with its own RDATA, for a TXT may be cut in
/// more than one way.
struct StoredSet {
  std::uint32_t ttl = 0;
  std::map<std::string, std::vector<std::string>> rdata;  ///< By value.
};
using StoredSets = std::map<RecordKey, StoredSet>;

/// The sets of records; where TTLs of one set differ, the smallest (RFC 2181 section 5.2).
StoredSets stored_sets(std::span<const WireRecord> records);

/// A set as providers give it.
RecordSet plain(const StoredSet& set);

/// What `change` needs, given what stands at its name; a conflict where its `before` does not.
Result<Update> update_for(const Name& zone, const SetChange& change, const StoredSets& stored);

/// The updates joined into as few as messages of at most `most` octets allow, the changes of one
/// name always in one.
std::vector<Update> packed(const Name& zone, std::span<const SetChange> changes,
                           std::span<const Update> updates, std::size_t most);

}  // namespace rampart
