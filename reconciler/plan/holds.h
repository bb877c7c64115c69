/// Changes that wait for others, or for the end of a freeze: they leave the plan and become holds.
#pragma once

#include "policies/model/plan.h"

namespace rampart {

/// Holds what tightens enforcement (Stage::Enforce) in each domain that still has other records to
/// be published, such as keys or senders (`keys-first`); records of MTA-STS, TLS-RPT and BIMI do
/// not count. The reason names one of them, and the error if one prevents it.
void hold_for_keys(const Config& config, const World& world, Plan& plan);

/// Holds what tightens enforcement in a domain that goes after others by `order`, until those are
/// published at its position (`order-first`).
void hold_for_order(const Config& config, const World& world, Plan& plan);

/// Under RAMPART_FREEZE, holds every change except those that loosen enforcement (`frozen`).
void hold_for_freeze(const Config& config, const World& world, Plan& plan);

}  // namespace rampart
