/// Reasons for a step back: a declared sender lost its passing mail.
///
/// Anybody can add failing mail to a domain's reports; nobody outside can make passing mail vanish.
/// So failing mail alone never lowers a policy: it takes a sender whose passing mail fell below
/// half of its own baseline while marked failing mail took its place (contract section 4).
#pragma once

#include <string>
#include <vector>

#include "policies/ramp/step_gates.h"

namespace rampart {

/// A declared sender whose mail was aligned and now fails, day after day.
struct BrokenSender {
  std::string id;
  Date first;                          ///< The first of its latest consecutive failing days.
  std::vector<Date> days;              ///< Of those, the ones with a loss against the baseline.
  std::int64_t failing = 0;            ///< Marked, on those days.
  std::int64_t messages = 0;           ///< Marked and passing, on those days.
  double baseline = 0;                 ///< Passing messages that those days should have had.
  std::vector<std::string> reporters;  ///< The groups that see the loss, sorted.

  bool operator==(const BrokenSender&) const = default;
};

/// How many consecutive failing days of a sender hold a step up, and how many cause a step back.
/// One bad day is noise (a reporter's DNS timeout, a key switched over at noon); two are enough to
/// wait, which costs little; a step back lowers protection, so it takes one more.
constexpr int kFailingDaysToHold = 2;
constexpr int kFailingDaysToStepBack = 3;

/// What a loss takes.
struct LossRule {
  int days = kFailingDaysToStepBack;  ///< Failing days with a loss.
  int reporters = 2;  ///< Reporters that each see it, and at least half of those that know the
                      ///< sender.
};

/// The declared senders that broke, sorted by id: on at least `rule.days` of their last days of
/// mail, most of it failed, with the domain's mark, and the passing mail fell below half of the
/// baseline: the mean of the same weekday in the 28 days before. Retired senders are left out.
std::vector<BrokenSender> broken_senders(const StepFacts& facts, LossRule rule);

/// Why a domain steps back.
struct StepBack {
  std::vector<std::string> reasons;
  int senders = 0;  ///< How many senders broke.
};

/// Why the domain should step back; empty where it should not, at monitor, and without recent
/// evidence.
std::optional<StepBack> step_back_for(const StepFacts& facts);

/// What a person should look at though it changes nothing: a legit_rate below the ramp's
/// rollback_below without a loss, and reporters that contradict the others.
std::vector<std::string> alerts_of(const StepFacts& facts, const StepEvidence& seen);

}  // namespace rampart
