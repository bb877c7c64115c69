/// Changes that wait for others, or for the end of a freeze: they leave the plan and become holds.
#pragma once

#include "policies/model/plan.h"

namespace rampart {

/// Holds the enforcement of each domain that still has keys or senders to be published
/// (keys-first). The reason names one of them, and the error if one prevents it.
void hold_for_keys(const Config& config, const World& world, Plan& plan);

/// Under RAMPART_FREEZE, holds every change except those that loosen a policy (frozen).
void hold_for_freeze(const Config& config, const World& world, Plan& plan);

}  // namespace rampart
