/// Verifying: whether every authoritative server, or the zone file, has the desired records.
#pragma once

#include <string>
#include <vector>

#include "reconciler/observe/observe.h"

namespace rampart {

/// One record that differs, or that could not be compared; `problem` then says why, and `desired`
/// and `got` are empty.
struct Difference {
  RecordKey key;
  std::string server;  ///< "ns1.example.net (192.0.2.1:53)", or the zone file's path; may be empty.
  std::string desired;  ///< Values, or "TTL 300" (seconds) where only the TTL differs; empty: none.
  std::string got;      ///< The same of the live RRset; empty: it does not exist.
  std::string problem = {};  ///< Empty where `desired` and `got` were compared.
  bool unread = false;       ///< The record could not be read, so that nothing was compared.
};

/// The differences of one domain; none where every server has its desired records.
struct DomainVerification {
  Name domain;
  std::vector<Difference> differences;
  /// `authority-wide`: the record is as declared, and what it includes lets far too many pass.
  std::vector<Finding> findings = {};

  /// Whether no server answered for any of the listed records: whether they differ is unknown.
  bool unanswered() const;
};

/// Compares the desired records with the zone files, and with the answers of every authoritative
/// server of the other zones, one by one and past the caches of resolvers. One entry for each
/// domain of `config`, in order of names. Never fails: what could not be read is a Difference.
std::vector<DomainVerification> verify(const Config& config, const Providers& providers,
                                       const ObserveOptions& options);

}  // namespace rampart
