/// A domain whose SPF record another tool keeps: it is evaluated and never changed.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// What the live record lacks for the declared senders, as information; the questions that
/// evaluating it needs. No desired record, so that no change can come of it.
PolicyResult unmanaged_spf(const Domain& domain, const World& world);

}  // namespace rampart
