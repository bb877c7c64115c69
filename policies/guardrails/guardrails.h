/// Guardrails: what must not happen by a plan. Each reads a finished plan and answers with
/// findings; an Error names the keys that it withholds. A guardrail never edits a plan.
#pragma once

#include <span>
#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

using Guardrail = std::vector<Finding> (*)(const Plan&, const Config&, const World&);

/// Every guardrail, in the order of docs/findings.md.
std::span<const Guardrail> guardrails();

}  // namespace rampart
