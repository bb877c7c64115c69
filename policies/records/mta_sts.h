/// The MTA-STS policy that a web server must serve, and the id that announces it.
#pragma once

#include <string>
#include <vector>

#include "dns/known.h"
#include "policies/model/policy.h"

namespace rampart {

/// The hosts of the domain's live MX records, sorted. None where it has no MX or the null MX
/// (RFC 7505); what was never queried is unknown and added to `unknown`.
Known<std::vector<std::string>> live_mx(const Domain& domain, const World& world,
                                        std::vector<Question>& unknown);

/// The policy file's text with CRLF line ends (RFC 8461 section 3.2).
std::string mta_sts_policy(const MtaStsSpec& spec, const std::vector<std::string>& mx);

/// The id for a policy text: twenty hex digits of its SHA-256.
std::string mta_sts_id(const std::string& policy);

}  // namespace rampart
