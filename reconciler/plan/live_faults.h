/// Faults of live records, in a plan.
#pragma once

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// Adds the faults of every live record of the listed domains that was read, as warnings at most,
/// since the plan did not cause them. What a policy or a guardrail reports already is left out.
void report_live_faults(const Config& config, const World& world, Plan& plan);

}  // namespace rampart
