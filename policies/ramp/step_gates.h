/// The gates of a step up, each with its figure and what the ramp requires.
#pragma once

#include <string>
#include <vector>

#include "policies/ramp/step.h"
#include "policies/ramp/step_calendar.h"

namespace rampart {

/// Everything that one domain's step depends on.
struct StepFacts {
  const Domain& domain;
  const Config& config;
  const World& world;
  const Evidence& evidence;
  CountingReporters reporters;
  EvidenceRows rows;        ///< Those of counting reporters, sorted by day.
  EvidenceRows known_rows;  ///< Those of known reporters. Only these open a gate, start a hold or
                            ///< lower a policy.
};

/// The facts of a domain; the arguments must outlive them.
StepFacts facts_of(const Domain& domain, const Config& config, const World& world);

/// The figures of the gates' window. If it has too few messages of the domain's own, and the
/// low-volume window has enough, the figures of the low-volume window.
StepEvidence gate_evidence(const StepFacts& facts);

/// Every gate of the step to `decision.next`, in the order of GateKind. `decision.evidence` must be
/// filled in.
std::vector<Gate> gates_of(const StepFacts& facts, const StepCalendar& calendar,
                           const StepDecision& decision);

/// Whether an earliest date can be given: the hold still runs and the evidence gate is met, or the
/// hold is over and only the calendar gate is not met.
bool only_days_missing(const std::vector<Gate>& gates, const StepCalendar& calendar);

/// "98.31 %", rounded down, so that a figure just below a threshold does not print as that
/// threshold.
std::string percent(double share);

/// "0.51 %", rounded up, for upper limits and for shares that reach them.
std::string percent_up(double share);

/// Whether known reporters sent reports on the domain, and the newest is recent enough.
bool has_fresh_evidence(const StepFacts& facts);

/// The figures over any window of the domain's rows.
StepEvidence evidence_over(const StepFacts& facts, EvidenceWindow window);

}  // namespace rampart
