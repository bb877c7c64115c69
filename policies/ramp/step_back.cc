/// Reasons for a step back: a low legit_rate since the last step, or a sender that broke.
#include "policies/ramp/step_back.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policies/ramp/ramp.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

/// The days of mail before the failing days that show what is normal: two weeks have every weekday
/// twice, and are short enough that an old problem, since repaired, does not count.
constexpr std::size_t kNormalDays = 14;

// One day of one sender, without forwarded mail: that says nothing about the sender.
struct SenderDay {
  std::int64_t passing = 0;
  std::int64_t failing = 0;
  std::map<std::string, std::int64_t> balance;  ///< Failing less passing, by reporter.

  // A majority of messages and of reporters: one large reporter with a broken verifier is not
  // enough.
  bool fails() const {
    const auto reporters = [&](int sign) {
      return std::ranges::count_if(balance, [&](const auto& one) { return sign * one.second > 0; });
    };
    return failing > passing && reporters(1) >= reporters(-1);
  }
};

using SenderDays = std::map<Date, SenderDay>;

// Forwarding fails under every policy, so that it is no sign of a broken sender.
std::map<std::string, SenderDays> days_by_source(const StepFacts& facts) {
  std::map<std::string, SenderDays> sources;
  for (const EvidenceRow* row : facts.rows) {
    if (row->outcome == DmarcOutcome::Forwarded || row->messages == 0) continue;
    SenderDay& day = sources[row->source][row->day];
    const bool fails = row->outcome == DmarcOutcome::Fail;
    (fails ? day.failing : day.passing) += row->messages;
    day.balance[row->reporter] += fails ? row->messages : -row->messages;
  }
  return sources;
}

// The first of the consecutive failing days at the end. Only failures that last until today count:
// a problem that ended needs no step back.
SenderDays::const_iterator failing_stretch(const SenderDays& all) {
  auto first = all.end();
  while (first != all.begin() && std::prev(first)->second.fails()) --first;
  return first;
}

double passing_a_day(SenderDays::const_iterator first, SenderDays::const_iterator last) {
  std::int64_t passing = 0;
  std::int64_t count = 0;
  for (; first != last; ++first, ++count) passing += first->second.passing;
  return count == 0 ? 0 : static_cast<double>(passing) / static_cast<double>(count);
}

// Whether most of the mail before `stretch` passed, and less than half as much per day passes
// since. Half: mail falls by a third or more on weekends and in holidays without anything being
// broken.
bool broke_at(const SenderDays& all, SenderDays::const_iterator stretch) {
  auto normal = stretch;
  std::int64_t balance = 0;
  for (std::size_t i = 0; i < kNormalDays && normal != all.begin(); ++i) {
    --normal;
    balance += normal->second.passing - normal->second.failing;
  }
  if (normal == stretch || balance <= 0) return false;
  return passing_a_day(stretch, all.end()) < passing_a_day(normal, stretch) / 2;
}

// A sender that never passed is not broken but not set up, which the gates report.
std::optional<BrokenSender> broken(const std::string& id, const SenderDays& all, int least) {
  const auto stretch = failing_stretch(all);
  const auto length = static_cast<int>(std::distance(stretch, all.end()));
  if (length < least || !broke_at(all, stretch)) return std::nullopt;
  BrokenSender found{id, stretch->first, length, 0, 0};
  for (auto at = stretch; at != all.end(); ++at) {
    found.failing += at->second.failing;
    found.messages += at->second.failing + at->second.passing;
  }
  return found;
}

// The direction of the step that led to the current position.
enum class Direction { Unknown, Up, Down };

// The direction from a record that was published before the step. Some reporters state only t=y,
// which does not say which pct it was: that is Unknown. A step back lowers the policy, so that a
// weaker record before the step shows a step up.
Direction direction_from(const Published& before, const DmarcSpec& spec) {
  const auto policy = record_for(spec).p.value_or(dmarc::Policy::None);
  if (before.policy != policy) return before.policy < policy ? Direction::Up : Direction::Down;
  if (before.pct && *before.pct != spec.position.pct) {
    return *before.pct < spec.position.pct ? Direction::Up : Direction::Down;
  }
  const bool partly = spec.position.pct < 100;
  if (!before.testing || spec.ramp->mode != RampMode::Compat || *before.testing == partly) {
    return Direction::Unknown;
  }
  return *before.testing ? Direction::Up : Direction::Down;
}

// The direction that the last day of reports before `since` shows. One reporter that shows a weaker
// record is enough for Up: some always write pct=100.
Direction last_direction(const StepFacts& facts) {
  const DmarcSpec& spec = facts.domain.dmarc;
  Direction direction = Direction::Unknown;
  std::optional<Date> last;
  for (const EvidenceRow* row : facts.rows) {
    if (spec.since && row->day >= *spec.since) break;
    if (row->policy_domain != facts.domain.name) continue;
    if (last != row->day) direction = Direction::Unknown;
    last = row->day;
    const Direction shown = direction_from(row->published, spec);
    if (direction != Direction::Up && shown != Direction::Unknown) direction = shown;
  }
  return direction;
}

// How many of the failing days since `first` still call for a step back. Days before an earlier
// step back are already accounted for; otherwise one failure would lower the policy on every run
// until monitor. Days before a step up still count. Where the direction is not known, days count
// unless there were enough of them for a step back.
int failing_days_unanswered(const StepFacts& facts, const SenderDays& all, Date first) {
  const Date since = facts.domain.dmarc.since.value_or(Date::min());
  int before = 0;
  int after = 0;
  for (auto at = all.lower_bound(first); at != all.end(); ++at) {
    ++(at->first < since ? before : after);
  }
  const Direction direction = last_direction(facts);
  const bool accounted_for = direction == Direction::Down ||
                             (direction == Direction::Unknown && before >= kFailingDaysToStepBack);
  return accounted_for ? after : before + after;
}

// The first failing day is named, because it is where a person looks in the sender's change log.
std::string sender_reason(const BrokenSender& one) {
  return fmt::format("{} broke: {} of its {} messages fail since {}; before that, its mail passed",
                     one.id, grouped(one.failing), grouped(one.messages), to_text(one.first));
}

// The figures since the last step, over the gates' window or, where that has too few messages, over
// the low-volume window. Unlike the gates they include the last three days: an early sign of lost
// mail is worth more than complete reports.
std::optional<StepEvidence> since_step(const StepFacts& facts) {
  const DmarcSpec& spec = facts.domain.dmarc;
  const Gates& gates = spec.ramp->gates;
  const Date today = floor<days>(facts.world.now);
  for (const Duration& length : {gates.window, gates.low_volume_window}) {
    const Date from = std::max(before(today, length), spec.since.value_or(Date::min()));
    StepEvidence seen = evidence_over(facts, {from, today + days(1)});
    if (seen.tally.counted >= gates.low_volume_min_messages) return seen;
  }
  return std::nullopt;
}

// On how many days of the window there are reports.
int reported_days(const StepFacts& facts, EvidenceWindow window) {
  std::set<Date> seen;
  for (const EvidenceRow* row : rows_within(facts.rows, window)) seen.insert(row->day);
  return static_cast<int>(seen.size());
}

// A step back because legit_rate fell below the ramp's rollback_below. It takes as many days of
// reports as a broken sender does, so that one bad day is not enough here either. The reason names
// figures and dates, since somebody must be able to check the decision.
std::optional<StepBack> by_rate(const StepFacts& facts) {
  const double least = facts.domain.dmarc.ramp->gates.rollback_below;
  auto seen = since_step(facts);
  if (!seen || !seen->legit_rate || *seen->legit_rate >= least) return std::nullopt;
  if (reported_days(facts, seen->window) < kFailingDaysToStepBack) return std::nullopt;
  StepBack back;
  back.reasons.push_back(
      fmt::format("legit_rate fell to {} at {} ({} of {} messages pass since {}); the ramp steps "
                  "back below {}",
                  percent(*seen->legit_rate), to_text(facts.domain.dmarc.position),
                  grouped(seen->tally.passing), grouped(seen->tally.counted),
                  to_text(seen->window.from), percent(least)));
  back.evidence = std::move(*seen);
  return back;
}

}  // namespace

// Only declared senders: anybody can send failing mail in the name of the domain.
std::vector<BrokenSender> broken_senders(const StepFacts& facts, int least) {
  std::vector<BrokenSender> found;
  if (!facts.domain.senders) return found;
  const Date today = floor<days>(facts.world.now);
  const auto sources = days_by_source(facts);
  for (const SenderUse& use : *facts.domain.senders) {
    const auto all = sources.find(use.sender->id);
    if (all == sources.end() || (use.retired && *use.retired <= today)) continue;
    // Without mail in the gates' window, its last days say nothing about today.
    const Date stale =
        before(floor<days>(facts.world.now - kReportDelay), facts.domain.dmarc.ramp->gates.window);
    if (all->second.rbegin()->first < stale) continue;
    if (auto one = broken(use.sender->id, all->second, least)) found.push_back(std::move(*one));
  }
  std::ranges::sort(found, {}, &BrokenSender::id);
  return found;
}

// At monitor nothing is lost by failing, and without fresh evidence nothing is known.
std::optional<StepBack> step_back_for(const StepFacts& facts) {
  const DmarcSpec& spec = facts.domain.dmarc;
  if (spec.position.phase < Phase::Quarantine || !has_fresh_evidence(facts)) return std::nullopt;
  StepBack back;
  if (auto rate = by_rate(facts)) back = std::move(*rate);
  const auto sources = days_by_source(facts);
  for (const BrokenSender& one : broken_senders(facts, kFailingDaysToStepBack)) {
    const int days = failing_days_unanswered(facts, sources.at(one.id), one.first);
    if (days >= kFailingDaysToStepBack) back.reasons.push_back(sender_reason(one));
  }
  if (back.reasons.empty()) return std::nullopt;
  return back;
}

}  // namespace rampart
