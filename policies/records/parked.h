/// The policies of parked and of absent domains.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// All records of a parked domain (policies/records/parked.cc); the other opinions say nothing
/// then.
Opinion parked_opinion(const Domain& domain, const World& world);

/// The removal of all that is ours of an absent domain (policies/records/parked.cc); likewise.
Opinion absent_opinion(const Domain& domain, const World& world);

}  // namespace rampart
