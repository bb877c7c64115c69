/// Remediations for a record that is near the limit of ten DNS lookups (RFC 7208 section 4.6.4).
#pragma once

#include <string>
#include <vector>

#include "policies/spf/cases.h"

namespace rampart {

/// One thing to do, and how many lookups it saves on its own.
struct Remediation {
  int saves = 0;
  std::string what;  ///< "drop `include:esp.example` (saves 2): mail of esp ...".

  bool operator==(const Remediation&) const = default;
};

/// What would save lookups of the record that the plan leaves, the greatest saving first: dropping
/// includes that no aligned mail needs or that admit nobody new, flattening, and moving a marketing
/// sender to a sub-domain. Dropping every include that is named loses no aligned mail.
std::vector<Remediation> remediations(const SpfCase& item, const Config& config,
                                      const World& world);

}  // namespace rampart
