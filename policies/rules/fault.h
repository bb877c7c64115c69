/// The rule book: what can be wrong with one SPF, DKIM or DMARC record. A rule goes from facts to a
/// fault and knows neither plans nor audits. `audit` prints the faults of a live record; guardrails
/// compare those before and after a change and withhold what a plan creates or worsens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.h"

namespace rampart::rules {

/// Something that is wrong with a record, in the words that every command uses for it.
struct Fault {
  Severity severity = Severity::Warning;  ///< Where the record is live already.
  std::string_view code;                  ///< One of policies/model/codes.h.
  std::string message;
  std::string hint;
  std::int64_t extent = 1;  ///< How bad it is: a number to compare with faults of the same code.
  bool blocks = false;      ///< A plan that creates or worsens it is withheld.
};

using Faults = std::vector<Fault>;

/// Appends `fault`, if any.
void add(Faults& faults, std::optional<Fault> fault);

/// Whether `fault` is new, or goes further than the fault of its code in `before`.
bool worsens(const Fault& fault, const Faults& before);

/// The fault as a finding about `domain`, with its severity for a live record.
Finding to_finding(Fault fault, const Name& domain, const Mark& mark);

}  // namespace rampart::rules
