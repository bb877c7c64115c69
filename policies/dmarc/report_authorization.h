/// Permission for reports about one domain to be sent to another (RFC 7489 section 7.1, RFC 9990
/// section 4).
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// For every host of report addresses (rua, ruf) outside the organizational domain: the desired
/// record of its consent where its zone is managed too, else a finding where the consent is missing
/// or unknown. Consent that must be queried is added to `unknown`.
PolicyResult report_authorizations(const Domain& domain, const World& world);

}  // namespace rampart
