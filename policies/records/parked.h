/// The policies of parked and of absent domains.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// All records of a parked domain (policies/records/parked.cc); the other policies return nothing
/// then.
PolicyResult parked_policy(const Domain& domain, const World& world);

/// The removal of all that is ours of an absent domain (policies/records/parked.cc); likewise.
PolicyResult absent_policy(const Domain& domain, const World& world);

}  // namespace rampart
