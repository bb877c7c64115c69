/// Guardrails: what a plan must not do. Each reads the changes of a plan and returns findings; an
/// Error names the keys whose changes it withholds. A guardrail never edits a plan.
#pragma once

#include <span>
#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"
#include "policies/rules/fault.h"

namespace rampart {

/// One guardrail. The plan has the findings of the policies, and not yet those of guardrails.
using Guardrail = std::vector<Finding> (*)(const Plan&, const Config&, const World&);

/// Every guardrail. Their order does not matter.
std::span<const Guardrail> guardrails();

}  // namespace rampart
