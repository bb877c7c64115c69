/// The product: Plan = f(Config, World). Pure: no I/O, no clock, no randomness, no failure.
#pragma once

#include <vector>

#include "policies/plan.h"
#include "policies/policy.h"

namespace rampart {

/// The names that must still be resolved before make_plan is final; ask, add, ask again.
std::vector<Question> questions(const Config& config, const World& world);

/// What would change, and what stays and why. Same input, same bytes out.
Plan make_plan(const Config& config, const World& world);

/// What `now` changes in the rules themselves against `base`: waivers, gates, ramps, ignored
/// sources, resolvers, providers, backdated `since`.
std::vector<PolicyEdit> policy_edits(const Config& base, const Config& now);

}  // namespace rampart
