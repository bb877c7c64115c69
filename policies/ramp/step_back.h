/// What speaks for a step back: the legitimate rate after a step, or a sender that broke.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/ramp/step_gates.h"

namespace rampart {

/// A declared sender whose mail was aligned and now fails, day after day.
struct BrokenSender {
  std::string id;
  Date first;  ///< The first day of the failing stretch.
  int failing_days = 0;
  std::int64_t failing = 0;   ///< In that stretch.
  std::int64_t messages = 0;  ///< In that stretch, forwarded mail left out.

  bool operator==(const BrokenSender&) const = default;
};

/// The days of failing mail that keep a domain where it is, and those that take it back.
constexpr int kFailingDaysToHold = 2;
constexpr int kFailingDaysToStepBack = 3;

/// The declared senders that broke: on their last `least` days of mail or more most of it failed,
/// to no fewer reporters than not; before that most of it passed, and what passes fell below half
/// of that. Mail spoofed through a sender's hosts leaves its own mail passing, so that no wave of
/// it looks like this. A retired sender is not asked for.
std::vector<BrokenSender> broken_senders(const StepFacts& facts, int least);

struct StepBack {
  std::vector<std::string> reasons;
  std::optional<StepEvidence> evidence;  ///< Of the days since the step, where these speak.
};

/// Whether the domain is to step back, and why; empty at monitor and where evidence is old.
std::optional<StepBack> step_back_for(const StepFacts& facts);

}  // namespace rampart
