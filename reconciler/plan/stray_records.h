/// Records in zones read whole that no receiver reads.
#pragma once

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// Adds the findings of rules::stray_record() for every value of the zones that are known whole,
/// each for the nearest listed domain above it. What the domain's own policies report is left out.
void report_stray_records(const Config& config, const World& world, Plan& plan);

}  // namespace rampart
