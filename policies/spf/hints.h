/// Remediations for the budget of ten DNS lookups, for one domain's own record.
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

/// What would make the record that the plan leaves cheaper, the greatest saving first: includes
/// that no aligned mail needs, includes that admit nobody new, flattening, and a marketing sender
/// that could send from a sub-domain. Dropping everything named loses no aligned mail.
std::vector<Remediation> remediations(const SpfCase& item, const Config& config,
                                      const World& world);

}  // namespace rampart
