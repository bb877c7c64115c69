/// Fetching MTA-STS policies from their web servers (RFC 8461 section 3.3).
#pragma once

#include <map>
#include <string>

#include "policies/model/policy.h"

namespace rampart {

/// How policies are fetched.
struct PolicyFetch {
  std::map<std::string, std::string> environment;  ///< CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR.
  std::string connect_to;  ///< HOST:PORT in place of each policy host; empty: the host itself.
  /// The state of a policy whose host does not answer: Unreachable, or Refused where the user asked
  /// for certainty.
  ServedPolicy::State silence = ServedPolicy::State::Unreachable;
};

/// Fetches the policy of every domain whose `_mta-sts` record a plan would change or remove, and
/// records the outcome in `world.served_policies`.
void fetch_policies(const Config& config, const PolicyFetch& fetch, World& world);

}  // namespace rampart
