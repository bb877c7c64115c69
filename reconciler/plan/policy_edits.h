/// Lists changes of the rules themselves, which a reviewer could overlook among changed records.
#pragma once

#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"
#include "reconciler/plan/trust_edits.h"

namespace rampart {

/// What `now` changes in the rules against `base`: waivers, gates and ramps, ignored sources,
/// resolvers, providers, `take_over`, a backdated `since`, ramps and targets of domains, domains
/// that are dropped, and everything of trust_edits.h. Sorted by (file, line, what), each once.
Edits policy_edits(const Config& base, const Config& now, const FilesBeside& base_files = {},
                   const FilesBeside& now_files = {});

}  // namespace rampart
