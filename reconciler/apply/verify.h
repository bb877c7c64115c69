/// Verifying: does every authoritative server (or the zone file) hold what the YAML describes?
#pragma once

#include <string>
#include <vector>

#include "reconciler/observe/observe.h"

namespace rampart {

/// One difference. `desired` or `got` is empty where no record is desired or found; both are where
/// `problem` gives the reason why nothing could be compared.
struct Difference {
  RecordKey key;
  std::string server;   ///< "ns1.example.net (192.0.2.1:53)", or the zone file's path.
  std::string desired;  ///< Values, or "TTL 300" where only the TTL differs.
  std::string got;
  std::string problem = {};
  bool unread = false;  ///< The record could not be read, so that nothing was compared.
};

/// The differences of one domain; none where it is as the YAML describes.
struct DomainVerification {
  Name domain;
  std::vector<Difference> differences;

  /// Whether all that is listed got no answer of any server: whether it differs is unknown.
  bool unanswered() const;
};

/// Queries every server of every zone for every desired record; resolver caches play no part.
std::vector<DomainVerification> verify(const Config& config, const Providers& providers,
                                       const ObserveOptions& options);

}  // namespace rampart
