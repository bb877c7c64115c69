/// The reviewed copy of vendors' addresses, kept in `spf.lock` beside the YAML, as values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/calendar.h"

namespace rampart {

/// One term's addresses.
struct LockedTerm {
  Date resolved;                        ///< The day of the last accepted refresh.
  int lookups = 1;                      ///< What the term costs unflattened.
  std::vector<std::string> networks;    ///< "192.0.2.0/24", IPv4 first, aggregated.
  std::map<std::string, Date> leaving;  ///< Networks among them that the vendor dropped, and when.

  bool operator==(const LockedTerm&) const = default;
};

/// One domain's terms, by the term as printed: "include:_spf.example.net".
struct SpfLock {
  std::map<std::string, LockedTerm> terms;

  bool operator==(const SpfLock&) const = default;
};

}  // namespace rampart
