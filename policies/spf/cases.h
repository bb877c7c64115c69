/// What the guardrails on SPF read: one domain's record in one zone, before and after the plan.
#pragma once

#include <string>
#include <vector>

#include "mail/spf/check_host.h"
#include "policies/model/plan.h"
#include "policies/model/policy.h"
#include "policies/spf/compare.h"

namespace rampart {

/// One domain in one zone. It refers to the plan, the configuration and the World.
struct SpfCase {
  const Domain& domain;
  const LiveZone& zone;
  std::vector<const Change*> changes;  ///< What the plan writes of the record and its fragments.
  SpfView before;                      ///< Several live records count as one with all terms.
  SpfView after;                       ///< As `before` where the plan changes neither.
  std::size_t octets_before = 0;       ///< The owner name and all TXT values there.
  std::size_t octets_after = 0;
  std::size_t spf_octets_after = 0;  ///< The SPF values alone.
};

/// Every case, by domain, then in the order of World.zones.
std::vector<SpfCase> spf_cases(const Plan& plan, const Config& config, const World& world);

/// Who may send as each domain whose record Rampart writes or evaluates, gained and lost at any of
/// its providers, by address; fragments of flattened records are resolved.
std::map<Name, SpfDelta> authority_of_spf(const Plan& plan, const Config& config,
                                          const World& world);

/// A tree's cost. An include that cannot be opened costs what the catalogue last knew of it.
struct SpfCost {
  int lookups = 0;
  int voids = 0;             ///< Of a, mx and exists; a dead include is another fault.
  bool lower_bound = false;  ///< Part of it is hidden, and the catalogue does not know it either.
  std::vector<const spf::TreeNode*> broken;  ///< Includes and redirects that cannot be opened.
};
/// Sums up the tree, which must outlive the result.
SpfCost cost_of(const spf::Tree& tree, const Config& config);

/// Whether the node's term leads to another record: an include or a redirect.
bool opens_record(const spf::TreeNode& node);

/// The senders, own or of the catalogue, whose term this is, as spf::print writes it, also by the
/// patterns of their `spf` and `spf_aliases`: owners first, then those that share their terms.
std::vector<const Sender*> senders_of_term(const std::string& term, const Config& config);

/// The first of them; null where there is none.
const Sender* sender_of_term(const std::string& term, const Config& config);

}  // namespace rampart
