/// Reasons for a step back: a declared sender lost its passing mail.
///
/// Anybody can add failing mail to a domain's reports, but nobody outside can make passing mail
/// vanish. So failing mail alone never lowers a policy. A sender's passing mail must have fallen
/// below half of its baseline, and marked failing mail must have replaced at least half of what is
/// missing (docs/concepts/ramps.md, "Steps back").
#pragma once

#include <string>
#include <vector>

#include "policies/ramp/step_gates.h"

namespace rampart {

/// A declared sender whose mail used to pass and fails on each of its last days with mail.
struct BrokenSender {
  std::string id;
  Date first;                          ///< The first of these failing days.
  std::vector<Date> days;              ///< Of these days, the ones with a loss.
  std::int64_t failing = 0;            ///< Marked, on `days`.
  std::int64_t messages = 0;           ///< Marked and passing, on `days`.
  double baseline = 0;                 ///< Passing messages that `days` should have had.
  std::vector<std::string> reporters;  ///< The reporter groups that see the loss, sorted.

  bool operator==(const BrokenSender&) const = default;
};

/// How many days with a loss hold a step up, and how many cause a step back.
/// One bad day is noise (a reporter's DNS timeout, a key switched over at noon). Two are enough to
/// wait, which costs little. A step back lowers protection, so it needs one more.
constexpr int kFailingDaysToHold = 2;
constexpr int kFailingDaysToStepBack = 3;

/// On which days a sender's passing mail is expected.
enum class Expected {
  /// On a weekday on which mail passed in more than half of the weeks before. If mail passed on
  /// more than half of all days before, once on that weekday is enough. Otherwise forged mail on
  /// the days between two newsletters would look like a loss.
  Regular,
  /// On every weekday on which mail passed before; on any day, if mail passed on fewer than eight
  /// days.
  AnyDay,
};

/// When a sender counts as broken.
struct LossRule {
  int days = kFailingDaysToStepBack;  ///< Failing days with a loss.
  /// Reporters that each see the loss. They must also be at least half of those with a baseline.
  int reporters = 2;
  Expected expected = Expected::Regular;
};

/// The declared senders that broke, sorted by id. On each of such a sender's last days with mail,
/// most of it fails with the domain's mark. On at least `rule.days` of them its passing mail is
/// below half of the baseline, the mean of that weekday in the 28 days before. Left out are retired
/// senders and those without mail since the gates' window began.
std::vector<BrokenSender> broken_senders(const StepFacts& facts, LossRule rule);

/// Why a domain steps back.
struct StepBack {
  std::vector<std::string> reasons;
  int senders = 0;  ///< How many senders broke.
};

/// Why the domain should step back; empty where it should not, where it is at monitor or below, and
/// without recent evidence.
std::optional<StepBack> step_back_for(const StepFacts& facts);

/// What a person should look at although it changes nothing: a legit_rate below the ramp's
/// rollback_below, and reporters whose rate is far from that of the others.
std::vector<std::string> alerts_of(const StepFacts& facts, const StepEvidence& seen);

}  // namespace rampart
