/// Reasons for a step back: a declared sender lost its passing mail.
///
/// Anybody can add failing mail to a domain's reports, but nobody outside can make passing mail
/// vanish. So failing mail alone never lowers a policy. A sender's passing mail must have fallen
/// below half of its baseline, and marked failing mail must have replaced it (contract section 4).
#pragma once

#include <string>
#include <vector>

#include "policies/ramp/step_gates.h"

namespace rampart {

/// A declared sender whose mail used to pass and now fails on consecutive days.
struct BrokenSender {
  std::string id;
  Date first;                          ///< The first of its latest consecutive failing days.
  std::vector<Date> days;              ///< Of those days, the ones with a loss.
  std::int64_t failing = 0;            ///< Marked, on those days.
  std::int64_t messages = 0;           ///< Marked and passing, on those days.
  double baseline = 0;                 ///< Passing messages that those days should have had.
  std::vector<std::string> reporters;  ///< The reporter groups that see the loss, sorted.

  bool operator==(const BrokenSender&) const = default;
};

/// How many consecutive failing days of a sender hold a step up, and how many cause a step back.
/// One bad day is noise (a reporter's DNS timeout, a key switched over at noon). Two are enough to
/// wait, which costs little. A step back lowers protection, so it needs one more.
constexpr int kFailingDaysToHold = 2;
constexpr int kFailingDaysToStepBack = 3;

/// On which days a sender's passing mail is expected.
enum class Expected {
  /// On a weekday on which it passed in more than half of the weeks before, or on any weekday where
  /// it passed on more than half of the days before. An outsider who sends forged mail on the days
  /// between two newsletters must not make them look lost.
  Regular,
  /// On any day, for a sender that passed on fewer than eight days.
  AnyDay,
};

/// When a sender counts as broken.
struct LossRule {
  int days = kFailingDaysToStepBack;  ///< Failing days with a loss.
  /// Reporters that each see the loss. They must also be half of those with a baseline.
  int reporters = 2;
  Expected expected = Expected::Regular;
};

/// The declared senders that broke, sorted by id. Such a sender fails on its last days of mail:
/// most of it fails with the domain's mark. On at least `rule.days` of them its passing mail is
/// below half of the baseline, the mean of that weekday in the 28 days before. Retired senders are
/// left out.
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
