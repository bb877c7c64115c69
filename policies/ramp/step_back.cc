/// Compares each sender's mail with its baseline, and decides on a step back.
#include "policies/ramp/step_back.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <ranges>
#include <set>

#include "base/counted.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"
#include "policies/ramp/ramp.h"

namespace rampart {
namespace {

using std::chrono::days;

/// The days before a loss that make its baseline: four of every weekday.
constexpr days kBaselineDays{28};

/// A sender with mail on fewer of those days has no pattern by weekday: its mean day is the
/// baseline.
constexpr std::size_t kDaysWithWeekdays = 8;

/// A single day of mail shows no habit.
constexpr std::size_t kLeastRegular = 2;

/// Half: in holidays, mail falls by a third or more although nothing is broken.
constexpr double kLost = 0.5;

/// The mail of one sender on one day, by one reporter or by all. Forwarded mail and unmarked
/// failing mail are left out, since they show nothing about the sender.
struct DayMail {
  std::int64_t passing = 0;
  std::int64_t marked = 0;

  void add(const EvidenceRow& row) { (row.fails() ? marked : passing) += row.messages; }
  bool fails() const { return marked > passing; }
};

struct SenderDay {
  DayMail all;
  std::map<std::string, DayMail> groups;

  // Most messages must fail, and at least as many reporters must see failing mail as passing mail:
  // one large reporter with a broken verifier does not overrule two others.
  bool fails() const {
    const auto failing =
        std::ranges::count_if(groups, [](const auto& one) { return one.second.fails(); });
    const auto passing = std::ranges::count_if(
        groups, [](const auto& one) { return one.second.passing > one.second.marked; });
    return all.fails() && failing >= passing;
  }
};

using SenderDays = std::map<Date, SenderDay>;

// Of declared senders alone: evidence names many more sources.
std::map<std::string, SenderDays> days_by_sender(const StepFacts& facts) {
  std::map<std::string, SenderDays> senders;
  for (const SenderUse& use : facts.domain.declared_senders()) senders[use.sender->id];
  for (const EvidenceRow* row : facts.known_rows) {
    if (!row->is_own() || row->messages == 0) continue;
    const auto sender = senders.find(row->source);
    if (sender == senders.end()) continue;
    SenderDay& day = sender->second[row->day];
    day.all.add(*row);
    day.groups[facts.reporters.at(row->reporter).group].add(*row);
  }
  return senders;
}

// The first of the sender's last days that all fail; end() if its last day does not.
SenderDays::const_iterator failing_stretch(const SenderDays& all) {
  auto first = all.end();
  while (first != all.begin() && std::prev(first)->second.fails()) --first;
  return first;
}

DayMail mail_of(const SenderDay& day, const std::string& group) {
  if (group.empty()) return day.all;
  const DayMail* mail = find_value(day.groups, group);
  return mail ? *mail : DayMail();
}

/// What passes on a normal day: by weekday, or on the mean day of a sender that seldom mails.
class Baseline {
 public:
  // Covers the 28 days before `first`, as the reporter `group` saw them or, if that is empty, as
  // all saw them. A sender that is younger has fewer days: `samples_` counts them by weekday.
  Baseline(const SenderDays& all, Date first, const std::string& group, Expected expected)
      : regular_(expected == Expected::Regular) {
    std::int64_t sum = 0;
    std::size_t active = 0;
    Date oldest = first;
    const auto end = all.lower_bound(first);
    for (const auto& [day, seen] :
         std::ranges::subrange(all.lower_bound(first - kBaselineDays), end)) {
      const std::int64_t passing = mail_of(seen, group).passing;
      if (passing == 0) continue;
      oldest = std::min(oldest, day);
      sum += passing;
      ++active;
      weekdays_[weekday_of(day)] += static_cast<double>(passing);
      ++hits_[weekday_of(day)];
    }
    // Days without mail before a sender's first mail say nothing about it; later ones do.
    const auto ever = std::ranges::find_if(
        all, [&](const auto& one) { return mail_of(one.second, group).passing > 0; });
    if (regular_ && ever != all.end()) {
      oldest = std::min(oldest, std::max(ever->first, first - kBaselineDays));
    }
    for (Date day = oldest; day < first; day += days{1}) ++samples_[weekday_of(day)];
    const auto length = static_cast<std::size_t>((first - oldest).count());
    most_days_ = active >= kLeastRegular && 2 * active > length;
    if (active > 0) mean_ = static_cast<double>(sum) / static_cast<double>(active);
    seldom_ = active < kDaysWithWeekdays;
  }

  double on(Date day) const {
    if (seldom_ && !regular_) return mean_;
    const std::size_t weekday = weekday_of(day);
    if (regular_ && !most_days_ && 2 * hits_[weekday] <= samples_[weekday]) return 0;
    if (regular_ && most_days_ && samples_[weekday] == 0) return mean_;
    return samples_[weekday] == 0 ? 0 : weekdays_[weekday] / samples_[weekday];
  }

 private:
  static std::size_t weekday_of(Date day) { return std::chrono::weekday(day).c_encoding(); }

  std::array<double, 7> weekdays_{};
  std::array<int, 7> samples_{};
  std::array<int, 7> hits_{};  ///< Of the samples, those with passing mail.
  double mean_ = 0;
  bool seldom_ = false;
  bool regular_;
  bool most_days_ = false;  ///< It has mail on most days, whatever their weekday.
};

// Whether less than half of `normal` passes, and marked failing mail accounts for at least half of
// what is missing. Without the second condition, a sender that only sends less would look broken.
bool is_loss(const DayMail& mail, double normal) {
  const double missing = normal - static_cast<double>(mail.passing);
  return normal > 0 && static_cast<double>(mail.passing) < kLost * normal &&
         static_cast<double>(mail.marked) >= kLost * missing;
}

// The reporters that see the loss, summed over its days: a small reporter has mail on some of them
// only. None if they are fewer than half of those that have a baseline for the sender: then the
// reporters that see the loss may themselves be at fault.
std::vector<std::string> reporters_of_loss(const SenderDays& all, const BrokenSender& one) {
  std::set<std::string> groups;
  for (auto at = all.lower_bound(one.first - kBaselineDays); at != all.end(); ++at) {
    for (const auto& [group, mail] : at->second.groups) groups.insert(group);
  }
  std::vector<std::string> seeing;
  std::size_t with_baseline = 0;
  for (const std::string& group : groups) {
    // A small reporter sees a regular sender on some of its days only.
    const Baseline baseline(all, one.first, group, Expected::AnyDay);
    double normal = 0;
    DayMail now;
    for (const Date day : one.days) {
      normal += baseline.on(day);
      const DayMail mail = mail_of(all.at(day), group);
      now.passing += mail.passing;
      now.marked += mail.marked;
    }
    if (normal > 0) ++with_baseline;
    if (is_loss(now, normal)) seeing.push_back(group);
  }
  if (2 * seeing.size() < with_baseline) seeing.clear();
  return seeing;
}

// The baseline ends where the failing days begin, so that failing days never lower what is normal.
// Failing days without a loss are passed over: at weekends a sender may have next to no mail.
std::optional<BrokenSender> loss_of(const std::string& id, const SenderDays& all, LossRule rule) {
  const auto stretch = failing_stretch(all);
  if (stretch == all.end()) return std::nullopt;
  BrokenSender found{.id = id, .first = stretch->first};
  const Baseline baseline(all, found.first, "", rule.expected);
  for (auto at = stretch; at != all.end(); ++at) {
    const double normal = baseline.on(at->first);
    if (!is_loss(at->second.all, normal)) continue;
    found.days.push_back(at->first);
    found.failing += at->second.all.marked;
    found.messages += at->second.all.marked + at->second.all.passing;
    found.baseline += normal;
  }
  if (static_cast<int>(found.days.size()) < rule.days) return std::nullopt;
  found.reporters = reporters_of_loss(all, found);
  if (static_cast<int>(found.reporters.size()) < rule.reporters) return std::nullopt;
  return found;
}

// The direction of the step that led to the current position.
enum class Direction { Unknown, Up, Down };

// The direction from a record that was published before the step. Some reporters state t but not
// pct: t=y both before and after a step shows no direction.
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
// record is enough for Up: some reporters always write pct=100, which looks like a step down.
Direction last_direction(const StepFacts& facts) {
  const DmarcSpec& spec = facts.domain.dmarc;
  Direction direction = Direction::Unknown;
  std::optional<Date> last;
  for (const EvidenceRow* row : facts.known_rows) {
    if (spec.since && row->day >= *spec.since) break;
    if (row->policy_domain != facts.domain.name) continue;
    if (last != row->day) direction = Direction::Unknown;
    last = row->day;
    const Direction shown = direction_from(row->published, spec);
    if (direction != Direction::Up && shown != Direction::Unknown) direction = shown;
  }
  return direction;
}

// How many of the days with a loss still call for a step back. Days before an earlier step back are
// already accounted for; otherwise one failure would lower the policy on every run until monitor.
// Days before a step up still count. If the direction is not known, three or more days before
// `since` are assumed to have caused a step back and do not count; fewer days count.
int days_not_acted_on(const StepFacts& facts, const BrokenSender& one) {
  const Date since = facts.domain.dmarc.since.value_or(Date::min());
  const auto before =
      static_cast<int>(std::ranges::count_if(one.days, [&](Date day) { return day < since; }));
  const int after = static_cast<int>(one.days.size()) - before;
  const Direction direction = last_direction(facts);
  const bool accounted_for = direction == Direction::Down ||
                             (direction == Direction::Unknown && before >= kFailingDaysToStepBack);
  return accounted_for ? after : before + after;
}

/// What makes a reporter an outlier: its rate differs by ten percentage points, over enough
/// messages that this is not chance.
constexpr double kOutlierDistance = 0.10;
constexpr std::int64_t kOutlierMessages = 100;

std::string sender_reason(const BrokenSender& one) {
  return fmt::format(
      "mail of {} has failed since {}: of {} messages with the domain in MAIL FROM or in a DKIM "
      "signature, {} failed; before, about {} passed in as many days (reported by {})",
      one.id, to_text(one.first), grouped(one.messages), grouped(one.failing),
      grouped(static_cast<std::int64_t>(one.baseline)), fmt::join(one.reporters, ", "));
}

// At least two, even if the ramp's gates accept one: no single reporter may lower a policy.
LossRule step_back_rule(const StepFacts& facts) {
  return {.days = kFailingDaysToStepBack,
          .reporters = std::max(2, facts.domain.dmarc.ramp->gates.min_reporters)};
}

}  // namespace

// Only declared senders: mail of other sources may be anybody's, and its end is no loss.
std::vector<BrokenSender> broken_senders(const StepFacts& facts, LossRule rule) {
  std::vector<BrokenSender> found;
  const Time now = facts.world.now;
  const Date recent = gate_window(now, facts.domain.dmarc.ramp->gates.window).from;
  const auto senders = days_by_sender(facts);
  for (const SenderUse& use : facts.domain.declared_senders()) {
    const SenderDays* all = find_value(senders, use.sender->id);
    if (all == nullptr || all->empty() || is_retired(use, now)) continue;
    // Without mail since the gates' window began, the sender's last days show nothing about today.
    if (all->rbegin()->first < recent) continue;
    if (auto one = loss_of(use.sender->id, *all, rule)) found.push_back(std::move(*one));
  }
  std::ranges::sort(found, {}, &BrokenSender::id);
  return found;
}

// Never on old evidence: while no reports arrive, a sender may have been repaired long ago.
std::optional<StepBack> step_back_for(const StepFacts& facts) {
  const DmarcSpec& spec = facts.domain.dmarc;
  if (spec.position.phase < Phase::Quarantine || !has_fresh_evidence(facts)) return std::nullopt;
  StepBack back;
  for (const BrokenSender& one : broken_senders(facts, step_back_rule(facts))) {
    if (days_not_acted_on(facts, one) < kFailingDaysToStepBack) continue;
    back.reasons.push_back(sender_reason(one));
    ++back.senders;
  }
  if (back.reasons.empty()) return std::nullopt;
  return back;
}

// Alerts and not reasons: an outsider can lower legit_rate with mail that claims the domain, and
// must not lower a policy by that.
std::vector<std::string> alerts_of(const StepFacts& facts, const StepEvidence& seen) {
  std::vector<std::string> alerts;
  const double low = facts.domain.dmarc.ramp->gates.rollback_below;
  // A rate within kRounding of the threshold reaches it, as in the gate: otherwise the alert would
  // print two equal figures.
  if (facts.domain.dmarc.position.phase >= Phase::Quarantine && seen.legit_rate &&
      *seen.legit_rate + kRounding < low) {
    alerts.push_back(fmt::format(
        "legit_rate is {}, below rollback_below ({}), which alone lowers no policy: find the cause "
        "with `rampart reports sources`; if your own mail fails, run `rampart rollback {}`",
        percent(*seen.legit_rate), percent(low), facts.domain.name.text()));
  }
  for (const ReporterTally& one : seen.tally.reporters) {
    const auto rate = one.rate();
    if (!rate || !seen.legit_rate || one.counted < kOutlierMessages) continue;
    if (std::abs(*rate - *seen.legit_rate) + kRounding < kOutlierDistance) continue;
    alerts.push_back(fmt::format(
        "{} is an outlier: {} of the {} messages that it reports pass, and {} over all reporters",
        one.group, percent(*rate), grouped(one.counted), percent(*seen.legit_rate)));
  }
  return alerts;
}

}  // namespace rampart
