/// What web servers give for MTA-STS policies (RFC 8461 section 3.3).
#pragma once

#include <map>
#include <string>

#include "policies/model/policy.h"

namespace rampart {

/// How servers are asked.
struct PolicyFetch {
  std::map<std::string, std::string> environment;  ///< CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR.
  std::string connect_to;  ///< HOST:PORT in place of each policy host; empty: the host itself.
  /// What nobody answering means: Unreachable, or Refused where certainty is asked for.
  ServedPolicy::State silence = ServedPolicy::State::Unreachable;
};

/// Asks for the policy of every domain whose `_mta-sts` record a plan would change or remove, and
/// notes what came in the World.
void fetch_policies(const Config& config, const PolicyFetch& fetch, World& world);

}  // namespace rampart
