/// How a change of DMARC alters the treatment of a failing message, by kind of receiver.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/known.h"
#include "mail/dmarc/treatment.h"
#include "policies/model/plan.h"

namespace rampart {

/// "rfc7489", "rfc9989", "neither".
std::string_view to_text(dmarc::Receiver receiver);

/// "receivers that follow RFC 7489 (pct)", "receivers that ignore pct and t".
std::string_view describe(dmarc::Receiver receiver);

/// "none", "10% quarantine, 90% normal local filtering", "10% reject, 90% quarantine", ...
std::string to_text(dmarc::Treatment treatment);

/// The effective policy of a domain as a record, by the discovery of each generation of receivers:
/// its own record, or what it inherits.
struct EffectivePolicy {
  Known<dmarc::Record> by_psl = NoneFound();
  Known<dmarc::Record> by_walk = NoneFound();

  /// The same record for both.
  static EffectivePolicy of(const dmarc::Record& record) { return {record, record}; }
};

/// How `receiver` treats failing mail of `audience`: Treatment() where no record governs, unknown
/// where the effective policy is; never none.
Known<dmarc::Treatment> treatment_of(const EffectivePolicy& policy, dmarc::Receiver receiver,
                                     dmarc::Audience audience);

/// The effective policy of the domain of a `_dmarc` change, before and after the change.
struct EffectivePolicyChange {
  EffectivePolicy before;
  EffectivePolicy after;
};
/// The effective policies before and after `change`, which must be at a `_dmarc` name.
EffectivePolicyChange effective_policy_change(const Change& change, const World& world);

/// One line for each kind of receiver, in the order of kReceivers, with a clause about sub-domains
/// where their treatment differs.
std::vector<ReceiverLine> receiver_lines(const EffectivePolicy& before,
                                         const EffectivePolicy& after);

/// Why mailbox providers show no logo under this record, or nullopt where they may. BIMI requires
/// p=quarantine with pct=100, or p=reject, and neither sp=none nor t=y.
std::optional<std::string> bimi_obstacle(const dmarc::Record& record);

/// What each of the plan's DMARC changes, withheld ones too, means to receivers; in name order.
std::vector<ReceiverImpact> receiver_impact(const Plan& plan, const Config& config,
                                            const World& world);

}  // namespace rampart
