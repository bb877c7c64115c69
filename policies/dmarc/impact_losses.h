/// What a plan takes from mail that passes today, domain by domain.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "mail/spf/ip_set.h"
#include "policies/dmarc/evaluation.h"
#include "policies/model/plan.h"

namespace rampart {

/// What one domain's mail loses.
struct LostAuthorization {
  bool tightens = false;         ///< DMARC requests more of some generation of receivers.
  bool aligns_strictly = false;  ///< adkim or aspf changes from relaxed to strict.
  /// A record appears or goes, or its psd tag changes: the organizational domain may move.
  bool may_realign = false;
  bool withheld = false;  ///< Some change of the domain is withheld.
  /// The query without which the policy after the plan is unknown.
  std::optional<Unanswered> policy_gap;
  std::set<std::string> selectors;  ///< Selectors whose key is removed or replaced.
  std::set<std::string> senders;    ///< Identifiers of senders whose SPF terms are removed.
  spf::IpSet addresses;             ///< Addresses that SPF no longer passes.

  bool takes_spf() const { return !senders.empty() || !addresses.empty(); }
  bool any_known() const {
    return tightens || aligns_strictly || !selectors.empty() || takes_spf();
  }
  bool any() const { return any_known() || may_realign || policy_gap; }
  /// Whether mail of names below the domain, with records of their own, may be affected.
  bool reaches_below() const { return !selectors.empty() || may_realign; }
};

/// The losses of every domain that has any, or may have; withheld changes count as written.
/// `authority` lists the SPF terms that each domain loses.
std::map<Name, LostAuthorization> lost_authorization(const Plan& plan,
                                                     std::span<const Authority> authority,
                                                     const Config& config, const World& world);

/// The changes of `_dmarc` in the plan; withheld ones count as written. The plan must outlive them.
DmarcChanges planned_dmarc_changes(const Plan& plan);

}  // namespace rampart
