/// What hosts show about zones as a whole, as findings of the plan.
#pragma once

#include "policies/model/plan.h"
#include "policies/model/world.h"

namespace rampart {

/// Adds the notices of every zone with changes, one finding a domain: an error withholds the
/// changes in that zone, except those that loosen enforcement.
void report_zone_notices(const Config& config, const World& world, Plan& plan);

}  // namespace rampart
