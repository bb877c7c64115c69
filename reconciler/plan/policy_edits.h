/// Changes of the rules themselves: what a pull request loosens must not look like another `+`.
#pragma once

#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// What `now` changes in the rules against `base`: waivers, gates and ramps, ignored sources,
/// resolvers, providers, a backdated `since`, domains dropped. Sorted by (file, line, what).
std::vector<PolicyEdit> policy_edits(const Config& base, const Config& now);

}  // namespace rampart
