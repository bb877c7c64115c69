/// The product: Plan = f(Config, World). Pure: no I/O, no clock, no randomness, no failure.
#pragma once

#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// What every policy says of one domain, together.
PolicyResult evaluate_policies(const Domain& domain, const World& world);

/// The names that must still be resolved before make_plan is final; ask, add, ask again. Empty when
/// everything needed is in the World.
std::vector<Question> questions(const Config& config, const World& world);

/// What would change, and what stays and why. Same input, same bytes out.
Plan make_plan(const Config& config, const World& world);

}  // namespace rampart
