/// What hosts report about their zones, as findings of the plan.
#pragma once

#include "policies/model/plan.h"
#include "policies/model/world.h"

namespace rampart {

/// Adds the notices of every zone with changes that they concern, one finding for each notice and
/// domain. An Error, of a notice that blocks, withholds these changes except those that loosen
/// enforcement.
void report_zone_notices(const Config& config, const World& world, Plan& plan);

}  // namespace rampart
