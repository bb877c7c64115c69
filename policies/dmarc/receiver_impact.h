/// What a change of DMARC newly means to a failing message, by kind of receiver.
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

/// "RFC 7489 (honours pct)", "RFC 9989 (honours t)", "honours neither".
std::string_view describe(dmarc::Receiver receiver);

/// "none", "10% quarantine, 90% normal local filtering", "10% reject, 90% quarantine", ...
std::string to_text(dmarc::Treatment treatment);

/// The record in force for a domain, as receivers of each generation find it: its own, or what it
/// inherits.
struct EffectivePolicy {
  Known<dmarc::Record> by_psl = NoneFound();
  Known<dmarc::Record> by_walk = NoneFound();

  /// The same record for both.
  static EffectivePolicy of(const dmarc::Record& record) { return {record, record}; }
};

/// What `receiver` does to failing mail of an audience; nothing where no record is in force.
Known<dmarc::Treatment> treatment_of(const EffectivePolicy& policy, dmarc::Receiver receiver,
                                     dmarc::Audience audience);

/// What is in force for the domain of a `_dmarc` change, before it and after.
struct EffectivePolicyChange {
  EffectivePolicy before;
  EffectivePolicy after;
};
/// Reads both sides of `change`, a change at a `_dmarc` name.
EffectivePolicyChange effective_policy_change(const Change& change, const World& world);

/// One line for each kind of receiver. Sub-domains have their own clause where their treatment
/// differs.
std::vector<ReceiverLine> receiver_lines(const EffectivePolicy& before,
                                         const EffectivePolicy& after);

/// Why mailbox providers show no logo under this record (BIMI asks for quarantine with pct=100, or
/// reject, and not for sp=none), or nullopt where they may.
std::optional<std::string> bimi_obstacle(const dmarc::Record& record);

/// What each of the plan's DMARC changes, withheld ones too, means to receivers; in name order.
std::vector<ReceiverImpact> receiver_impact(const Plan& plan, const Config& config,
                                            const World& world);

}  // namespace rampart
