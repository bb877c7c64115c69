/// The live records at a name, gathered over every provider that serves it.
#pragma once

#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// The domain's live sets at `key`, one a provider; those that could not be read are left out.
std::vector<LiveSet> live_sets(const Domain& domain, const World& world, const RecordKey& key);

/// Whether a set at `key` could not be read. Then no values are no absence: the use must say what
/// it does, unless the record is desired, since the diff reports a desired record that is unread.
bool any_unread(const Domain& domain, const World& world, const RecordKey& key);

/// Every live value at `key` of this kind that could be read, sorted, each once.
std::vector<ParsedValue> live_values(const Domain& domain, const World& world, const RecordKey& key,
                                     RecordKind kind);

/// The TTL that the YAML declares for a record: its own, else the domain's.
std::optional<std::chrono::seconds> declared_ttl(const Domain& domain,
                                                 std::optional<std::chrono::seconds> own);

}  // namespace rampart
