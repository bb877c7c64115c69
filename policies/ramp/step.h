/// The decision on a ramp: whether a domain advances to its next step, stays, or steps back, from
/// evidence and the calendar alone. `advance`, `explain` and `timeline` all use it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.h"
#include "policies/ramp/legit.h"

namespace rampart {

/// What a run does with a domain's position.
enum class StepAction { Advance, Stay, StepBack };

/// "advance", "stay", "step-back".
std::string_view to_text(StepAction action);

/// The figures that the gates were evaluated on.
struct StepEvidence {
  EvidenceWindow window;
  bool low_volume = false;           ///< The low-volume window was used.
  std::int64_t messages = 0;         ///< All messages in the window.
  std::optional<double> legit_rate;  ///< LegitTally::legit_rate().
  int reporters = 0;                 ///< Organizations whose reports count.
  LegitTally tally;

  bool operator==(const StepEvidence&) const = default;
};

/// The conditions of a step up, in the order in which they are evaluated and shown.
enum class GateKind {
  Hold,        ///< The hold of the current step is over.
  Evidence,    ///< Known reporters sent recent reports, and no large one stopped reporting.
  Messages,    ///< Known reporters saw enough of the domain's own mail.
  Reporters,   ///< The reports come from enough organizations.
  LegitRate,   ///< Enough of the domain's own mail passes.
  Unresolved,  ///< Little mail fails from undeclared services or unidentified sources.
  Senders,     ///< No declared sender lost its passing mail.
  Dkim,        ///< Every declared sender aligns by DKIM; only for steps with p=reject.
  Order,       ///< The domains that go first by `order` have reached the step.
  Calendar,    ///< The ramp allows a step today.
  Freeze,      ///< RAMPART_FREEZE is not set.
  MaxDomains,  ///< The ramp's limit of domains per run is not reached.
};

/// The gate's name in every output: "hold", "evidence", "legit_rate", "max_domains", ...
std::string_view to_text(GateKind kind);

/// One condition of a step up, evaluated.
struct Gate {
  GateKind kind = GateKind::Hold;
  bool met = false;
  std::string figure;  ///< "18,204", "98.31 %", "2026-12-01"
  std::string asked;   ///< What the ramp requires: "at least 1,000".
  std::string reason;  ///< Why it is not met; empty where it is met.

  bool operator==(const Gate&) const = default;
};

/// The decision on one domain.
struct StepDecision {
  Name domain = Name::root();
  StepAction action = StepAction::Stay;
  RampPosition from;
  std::optional<RampPosition> to;    ///< The new position; empty for stay.
  std::optional<RampPosition> next;  ///< The next step up; empty where none is left.
  std::optional<Date> live;          ///< The first day on which its position is known to be live.
  std::optional<Date> due;           ///< The first day that hold and calendar allow for `next`.
  std::optional<Date> earliest;      ///< The earliest day for `next`; empty if evidence or a person
                                     ///< must come first.
  int overdue_days = 0;              ///< Days since `due`, if all gates are met; otherwise 0.
  std::vector<Gate> gates;           ///< All that were evaluated, in the order of GateKind.
  std::vector<std::string> reasons;  ///< Why it advances, stays or steps back: one clause each.
  std::vector<std::string> alerts;   ///< What a person should look at; they change nothing.
  /// For a step back: whether more than one sender broke. Only then may the workflow merge it
  /// without a person.
  bool corroborated = false;
  StepEvidence evidence;

  bool operator==(const StepDecision&) const = default;
};

/// The decision for one domain by itself, without the limit of domains per run. Reads now, evidence
/// and frozen of `world`. Pure.
StepDecision step_of(const Domain& domain, const Config& config, const World& world);

/// The decisions of a run over all managed domains of `config`, in name order. Per ramp no more
/// than max_domains_per_run domains advance: the longest overdue first, then by name. Steps back
/// are never limited.
std::vector<StepDecision> steps_of(const Config& config, const World& world);

/// The same for a run over `domains` only, in the order given.
std::vector<StepDecision> steps_of(const Config& config, const World& world,
                                   std::span<const Name> domains);

/// The next step up from the domain's position, limited by its target; empty where none is left and
/// below monitor.
std::optional<RampPosition> next_position(const DmarcSpec& spec);

/// The step below `from` on the ramp, monitor where it has none; empty at and below monitor.
std::optional<RampPosition> position_below(const Ramp& ramp, RampPosition from);

/// How long a domain holds at `position`: the hold of that step or, where the ramp has no such
/// step, of the one below it.
Duration hold_at(const Ramp& ramp, RampPosition position);

/// The first day on or after `day` that the ramp's weekdays and freezes allow; empty if there is
/// none.
std::optional<Date> allowed_day(const Ramp& ramp, Date day);

}  // namespace rampart
