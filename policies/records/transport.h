/// The policies of MTA-STS, TLS-RPT and BIMI.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// `_mta-sts`, `_smtp._tls` and BIMI where declared (policies/records/transport.cc).
PolicyResult transport_policy(const Domain& domain, const World& world);

}  // namespace rampart
