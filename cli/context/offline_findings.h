/// Findings about the YAML that need no network.
#pragma once

#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// The findings that need neither DNS nor a provider nor a lock file.
std::vector<Finding> offline_findings(const Config& config, Time now);

}  // namespace rampart
