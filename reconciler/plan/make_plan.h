/// Computes a plan from Config and World. Pure: no I/O, no clock, no randomness, no failure.
#pragma once

#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// The joined results of all policies for one domain.
PolicyResult evaluate_policies(const Domain& domain, const World& world);

/// The DNS questions whose answers make_plan needs and `world` lacks. Answers may lead to further
/// questions: resolve, add to `world`, and call again until none is left.
std::vector<Question> questions(const Config& config, const World& world);

/// "sha256:..." over the paths and digests of all files of the configuration: Plan::config_digest.
/// A reviewed plan belongs to one configuration.
std::string config_digest(const Config& config);

/// The plan: what would change, and what stays and why. Equal inputs give equal plans, byte for
/// byte.
Plan make_plan(const Config& config, const World& world);

}  // namespace rampart
