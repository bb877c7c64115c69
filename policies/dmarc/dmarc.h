/// The DMARC policy: the record that a domain should publish.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// `_dmarc`, and the authorisations of external report destinations (policies/dmarc/dmarc.cc).
PolicyResult dmarc_policy(const Domain& domain, const World& world);

}  // namespace rampart
