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
  bool tightens = false;         ///< DMARC requests more of some generation of receivers.
  bool aligns_strictly = false;  ///< adkim or aspf changes from relaxed to strict.
  bool withheld = false;         ///< Some change of the domain is withheld.
  /// The query without which the policy after the plan is unknown.
  std::optional<Unanswered> policy_gap;
  std::set<std::string> selectors;  ///< Selectors whose key is removed or replaced.
  std::set<std::string> senders;    ///< Identifiers of senders whose SPF terms are removed.
  spf::IpSet addresses;             ///< Addresses that SPF no longer passes.

  bool takes_spf() const { return !senders.empty() || !addresses.empty(); }
  bool any_known() const { return tightens || !selectors.empty() || takes_spf(); }
  bool any() const { return any_known() || policy_gap; }
};

/// The losses of every domain that has any, or may have; withheld changes count as written.
/// `authority` lists the SPF terms that each domain loses.
std::map<Name, LostAuthorization> lost_authorization(const Plan& plan,
                                                     std::span<const Authority> authority,
                                                     const Config& config, const World& world);

/// The DMARC records as they will be once the plan, its withheld changes too, is written. The plan,
/// the Config and the World must outlive it.
class PlannedRecords {
 public:
  PlannedRecords(const Plan& plan, const Config& config, const World& world);

  /// The effective policy by `domain`'s own `_dmarc`; nullopt where the plan does not change that,
  /// and no single record is known to exist there.
  const std::optional<EffectivePolicy>& at(const Name& domain);

 private:
  std::optional<EffectivePolicy> find(const Name& domain) const;

  const Config& config_;
  const World& world_;
  std::map<Name, const Change*> changes_;  ///< By the domain that they concern.
  std::map<Name, std::optional<EffectivePolicy>> known_;
};

}  // namespace rampart
