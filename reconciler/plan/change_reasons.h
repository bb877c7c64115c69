/// Why a change is made, as opposed to why its record exists.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// The causes of what differs between two sets at the key of `desired_records`, which is not empty.
/// The reason of a desired record is among them only where it is a cause: a TTL, a removed term or
/// a changed tag has another one. `now` decides which senders are retired.
std::vector<std::string> change_reasons(const Domain& domain,
                                        const std::optional<ParsedTypedSet>& before,
                                        const std::optional<ParsedTypedSet>& after,
                                        std::span<const DesiredRecord> desired_records, Time now);

}  // namespace rampart
