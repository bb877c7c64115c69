/// The DMARC policy: the record that a domain should publish.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// The desired record at `_dmarc`, the consent that external report addresses need, and the
/// findings about both; no record before phase monitor.
PolicyResult dmarc_policy(const Domain& domain, const World& world);

}  // namespace rampart
