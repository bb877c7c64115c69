/// Permission for reports about one domain to be sent to another (RFC 7489 section 7.1, RFC 9990
/// section 4).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// The domains of report addresses, rua and ruf alike, each once.
std::set<Name> report_domains(const std::vector<std::string>& rua,
                              const std::vector<std::string>& ruf);

/// For every host of report addresses (rua, ruf) outside the organizational domain: the desired
/// record of its consent where its zone is managed too, else a finding where the consent is missing
/// or unknown. What must be queried for the consent, and to know whether the host receives mail, is
/// added to `unknown`.
PolicyResult report_authorizations(const Domain& domain, const World& world);

}  // namespace rampart
