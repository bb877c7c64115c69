/// Permission for reports about one domain to be sent to another (RFC 7489 section 7.1, RFC 9990
/// section 4).
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// For every report address (rua and ruf) outside the domain's organization: the authorisation
/// wanted, where its zone is ours too, else a finding where it is missing.
PolicyResult report_authorizations(const Domain& domain, const World& world);

}  // namespace rampart
