/// The gates of a step up, each with its figure and what is asked.
#pragma once

#include <string>
#include <vector>

#include "policies/ramp/step.h"
#include "policies/ramp/step_calendar.h"

namespace rampart {

/// All that one domain's step is judged by.
struct StepFacts {
  const Domain& domain;
  const Config& config;
  const World& world;
  const Evidence& evidence;
  EvidenceRows rows;  ///< rows_of() the domain.
};

/// The figures of the gates' window, or of the low-volume window where that one is short.
StepEvidence gate_evidence(const StepFacts& facts);

/// Every gate before `decision.next`, in a fixed order; `decision.evidence` is filled already.
std::vector<Gate> gates_of(const StepFacts& facts, const StepCalendar& calendar,
                           const StepDecision& decision);

/// Whether waiting alone opens the way: the hold runs, or nothing but the calendar is unmet.
bool only_days_missing(const std::vector<Gate>& gates, const StepCalendar& calendar);

/// What a domain below monitor lacks, which no evidence moves on.
std::vector<std::string> missing_below_monitor(const Domain& domain);

/// Why a domain without a next rung stays.
std::string why_at_the_top(const DmarcSpec& spec);

/// "18,204".
std::string grouped(std::int64_t number);

/// "98.31 %", rounded down, so that nothing looks like a threshold that it misses.
std::string percent(double share);

/// The same, rounded up, for shares that must not exceed something.
std::string percent_up(double share);

/// Whether there are verified reports on the domain, and none of them too old to judge by.
bool has_fresh_evidence(const StepFacts& facts);

/// The figures over any window of the domain's rows.
StepEvidence evidence_over(const StepFacts& facts, EvidenceWindow window);

}  // namespace rampart
