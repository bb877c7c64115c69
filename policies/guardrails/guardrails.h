/// Guardrails: what a plan must not do. Each reads a finished plan and returns findings; an Error
/// names the keys whose changes it withholds. A guardrail never edits a plan.
#pragma once

#include <span>
#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"
#include "policies/rules/fault.h"

namespace rampart {

using Guardrail = std::vector<Finding> (*)(const Plan&, const Config&, const World&);

/// Every guardrail, in the order of docs/findings.md.
std::span<const Guardrail> guardrails();

}  // namespace rampart
