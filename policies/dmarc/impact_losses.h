/// What a plan takes from mail that passes today, domain by domain.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "mail/spf/ip_set.h"
#include "policies/dmarc/receiver_impact.h"
#include "policies/model/plan.h"

namespace rampart {

/// What one domain's mail loses.
struct LostAuthorization {
  bool tightens = false;            ///< DMARC asks more of some receiver.
  bool aligns_strictly = false;     ///< adkim or aspf goes from relaxed to strict.
  bool withheld = false;            ///< Part of it is withheld.
  std::set<std::string> selectors;  ///< Whose key goes or is replaced.
  std::set<std::string> senders;    ///< Whose SPF terms go.
  spf::IpSet addresses;             ///< That SPF no longer passes.

  bool takes_spf() const { return !senders.empty() || !addresses.empty(); }
  bool any() const { return tightens || !selectors.empty() || takes_spf(); }
};

/// The losses of every domain that has some, by the plan's changes and the withheld ones.
std::map<Name, LostAuthorization> lost_authorization(const Plan& plan,
                                                     std::span<const Authority> authority,
                                                     const Config& config, const World& world);

/// The DMARC records as they will be once the plan is written.
class PlannedRecords {
 public:
  PlannedRecords(const Plan& plan, const Config& config, const World& world);

  /// What is in force at `domain`'s own `_dmarc`; nullopt where it has no record of its own, or
  /// nothing is known of it.
  const std::optional<EffectivePolicy>& at(const Name& domain);

 private:
  std::optional<EffectivePolicy> find(const Name& domain) const;

  const Config& config_;
  const World& world_;
  std::map<Name, const Change*> changes_;  ///< By the domain that they concern.
  std::map<Name, std::optional<EffectivePolicy>> known_;
};

}  // namespace rampart
