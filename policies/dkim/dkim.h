/// The DKIM policy: the key records that a domain should publish.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// Selectors: public keys, TXT, CNAMEs of catalogue senders, rotations (policies/dkim/dkim.cc).
PolicyResult dkim_policy(const Domain& domain, const World& world);

}  // namespace rampart
