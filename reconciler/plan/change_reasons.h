/// Why a change is made, which is not always why its record exists.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// Why the set at the key of `desired_records`, of which there is at least one, changes from
/// `before` to `after`: a clause for each part that differs. The reason of a desired record is
/// among them only where it causes the difference: a TTL, a removed term or a changed tag has a
/// cause of its own. `now` decides which senders are retired.
std::vector<std::string> change_reasons(const Domain& domain,
                                        const std::optional<ParsedTypedSet>& before,
                                        const std::optional<ParsedTypedSet>& after,
                                        std::span<const DesiredRecord> desired_records, Time now);

}  // namespace rampart
