/// Reasons for a step back: a low legit_rate since the last step, or a sender that broke.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/ramp/step_gates.h"

namespace rampart {

/// A declared sender whose mail was aligned and now fails, day after day.
struct BrokenSender {
  std::string id;
  Date first;  ///< The first of its latest consecutive failing days.
  int failing_days = 0;
  std::int64_t failing = 0;   ///< On those days.
  std::int64_t messages = 0;  ///< On those days, without forwarded mail.

  bool operator==(const BrokenSender&) const = default;
};

/// How many consecutive failing days of a sender hold a step up, and how many cause a step back.
/// One bad day is noise (a reporter's DNS timeout, a key switched over at noon); two are enough to
/// wait, which costs little; a step back lowers protection, so it takes one more.
constexpr int kFailingDaysToHold = 2;
constexpr int kFailingDaysToStepBack = 3;

/// The declared senders that broke, sorted by id: on at least their last `least` days of mail, most
/// messages failed, as at least half of the reporters see it; before, most passed; and the passing
/// mail per day fell below half of what it was. Spoofed mail through a sender's hosts does not look
/// like this, since the sender's own mail still passes. Retired senders are left out.
std::vector<BrokenSender> broken_senders(const StepFacts& facts, int least);

/// Why a domain steps back.
struct StepBack {
  std::vector<std::string> reasons;
  std::optional<StepEvidence> evidence;  ///< Of the days since the step, where legit_rate is why.
};

/// Why the domain should step back; empty where it should not, at monitor, and without recent
/// evidence.
std::optional<StepBack> step_back_for(const StepFacts& facts);

}  // namespace rampart
