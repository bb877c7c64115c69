/// The live records at a name, gathered over every provider that serves it.
#pragma once

#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// The domain's live sets at `key`, one a provider; those that could not be read are left out.
std::vector<LiveSet> live_sets(const Domain& domain, const World& world, const RecordKey& key);

/// Every live value at `key` of this kind, sorted, each once.
std::vector<ParsedValue> live_values(const Domain& domain, const World& world, const RecordKey& key,
                                     RecordKind kind);

/// The TTL that the YAML declares for a record: its own, else the domain's.
std::optional<std::chrono::seconds> declared_ttl(const Domain& domain,
                                                 std::optional<std::chrono::seconds> own);

}  // namespace rampart
