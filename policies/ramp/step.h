/// The step function of ramps: whether a domain goes up a rung of its ladder, stays, or steps back,
/// judged by evidence and the calendar alone. `advance`, `explain` and `timeline` all ask it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.h"
#include "policies/ramp/evidence_window.h"

namespace rampart {

enum class StepAction { Advance, Stay, StepBack };

/// "advance", "stay", "step-back".
std::string_view to_text(StepAction action);

/// The figures that the gates were judged by.
struct StepEvidence {
  EvidenceWindow window;
  bool low_volume = false;           ///< The low-volume window was taken.
  std::int64_t messages = 0;         ///< All of the window's.
  std::optional<double> legit_rate;  ///< Empty: no mail of declared or unresolved sources.
  int reporters = 0;                 ///< Distinct organizational domains.
  LegitTally tally;

  bool operator==(const StepEvidence&) const = default;
};

/// One condition of a step up.
struct Gate {
  std::string name;  ///< "hold", "evidence", "messages", "legit_rate", "senders", ...
  bool met = false;
  std::string figure;  ///< "18,204", "98.31 %", "2026-12-01"
  std::string asked;   ///< What the ramp asks: "at least 1,000".
  std::string reason;  ///< One sentence where it is not met.

  bool operator==(const Gate&) const = default;
};

/// What becomes of one domain.
struct StepDecision {
  Name domain = Name::root();
  StepAction action = StepAction::Stay;
  RampPosition from;
  std::optional<RampPosition> to;    ///< Where the action leads; empty for stay.
  std::optional<RampPosition> next;  ///< The step that it stands before; empty where none is left.
  std::optional<Date> live;          ///< The first day on which its rung is known to be live.
  std::optional<Date> due;           ///< The first day on which hold and calendar let it go.
  std::optional<Date> earliest;      ///< When `next` is possible at the earliest; empty where only
                                     ///< evidence or a person can say.
  int overdue_days = 0;              ///< Since `due`, where nothing but the run was missing.
  std::vector<Gate> gates;           ///< All that were judged, in a fixed order.
  std::vector<std::string> reasons;  ///< Sentences: why not yet, or why.
  StepEvidence evidence;

  bool operator==(const StepDecision&) const = default;
};

/// The decision for one domain by itself: the limit on domains a run is not applied. Of `world`,
/// now, evidence and frozen are read. Pure.
StepDecision step_of(const Domain& domain, const Config& config, const World& world);

/// The decisions of a run over the domains of `config` that are managed, in name order: no ramp
/// moves more domains up than its max_domains_per_run, the longest overdue first, then by name.
/// Steps back are never limited.
std::vector<StepDecision> steps_of(const Config& config, const World& world);

/// The same for a run over some domains alone, in the order given.
std::vector<StepDecision> steps_of(const Config& config, const World& world,
                                   std::span<const Name> domains);

/// The rung that a domain's ladder leads to from `from`, bounded by its target; empty where none is
/// left, and below monitor.
std::optional<RampPosition> next_position(const DmarcSpec& spec);

/// The step below `from` on the ramp, monitor where it has none; empty at and below monitor.
std::optional<RampPosition> position_below(const Ramp& ramp, RampPosition from);

/// How long a domain holds at `rung`: the hold of that step or, off the ladder, of the one below.
Duration hold_at(const Ramp& ramp, RampPosition position);

/// The first day on or after `day` that the ramp's weekdays and freezes allow; empty: none is.
std::optional<Date> allowed_day(const Ramp& ramp, Date day);

}  // namespace rampart
