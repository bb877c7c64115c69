/// Verifying: does every authoritative server (or the zone file) hold what the YAML says?
#pragma once

#include <string>
#include <vector>

#include "reconciler/observe/observe.h"

namespace rampart {

/// One thing that differs. `want` or `got` is empty where nothing is to stand or stands; both are
/// where `problem` says why nothing could be compared.
struct Difference {
  RecordKey key;
  std::string server;  ///< "ns1.example.net (192.0.2.1:53)", or the zone file's path.
  std::string desired;
  std::string got;
  std::string problem = {};
};

struct DomainVerification {
  Name domain;
  std::vector<Difference> differences;
};

/// Asks every server of every zone for every wanted record; no resolver cache is believed.
std::vector<DomainVerification> verify(const Config& config, const Providers& providers,
                                       const ObserveOptions& options);

}  // namespace rampart
