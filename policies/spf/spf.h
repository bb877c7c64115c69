/// The SPF policy: the record that a domain should publish.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// The desired SPF record, from the senders, `extra`, `redirect` and `exp`, and its fragments where
/// it is flattened; for a domain whose record another tool keeps, findings alone.
PolicyResult spf_policy(const Domain& domain, const World& world);

}  // namespace rampart
