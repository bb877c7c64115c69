/// Sets that are more than plain ones: weighted, routed, health-checked, aliases.
#pragma once

#include <map>
#include <vector>

#include "base/result.h"
#include "providers/route53/answers.h"

namespace rampart::route53 {

/// The Error for a write that would replace such a set.
Error special_set(const StoredSet& stored);

/// What a plan must heed about such a set: no set of its type is written at its name, and beside a
/// CNAME none at all.
std::vector<ZoneNotice> special_notices(const StoredSet& stored);

/// One set for each key: the sets of one routing policy share theirs, and their values are joined.
std::map<RecordKey, StoredSet> joined(const std::vector<StoredSet>& sets);

}  // namespace rampart::route53
