/// The SPF policy: the record that a domain should publish.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// The SPF record from the senders, `extra`, `redirect` and `exp` (policies/spf/spf.cc).
PolicyResult spf_policy(const Domain& domain, const World& world);

}  // namespace rampart
