/// A domain whose SPF record another tool keeps: it is evaluated and never changed.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// Findings, for information only, about what the live record lacks for the declared senders; and
/// the questions that the evaluation needs. There is no desired record, and so no change.
PolicyResult unmanaged_spf(const Domain& domain, const World& world);

}  // namespace rampart
