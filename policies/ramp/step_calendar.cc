/// Holds, live days and allowed days.
#include "policies/ramp/step_calendar.h"

#include <algorithm>

#include "policies/ramp/step.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

/// No date that the YAML can write lies beyond it.
constexpr Date kLastDay{std::chrono::year(9999) / 12 / 31};

dmarc::Policy policy_at(Phase phase) {
  if (phase == Phase::Reject) return dmarc::Policy::Reject;
  return phase == Phase::Quarantine ? dmarc::Policy::Quarantine : dmarc::Policy::None;
}

// What one row's published record says about the rung.
enum class Shows { Otherwise, OtherTags, Silent, RampPosition };

// A share above the rung's, or no t=y, asks no less than the rung: who always writes pct=100 is
// wrong about a step below it, but does not hide that the step is live.
Shows shown_by(const Published& published, const DmarcSpec& spec) {
  if (published.policy != policy_at(spec.position.phase)) return Shows::Otherwise;
  if (spec.position.phase == Phase::Monitor) return Shows::RampPosition;
  if (!published.pct && !published.testing) return Shows::Silent;
  const bool tests = spec.ramp->mode == RampMode::Compat && spec.position.pct < 100;
  const bool share = !published.pct || *published.pct >= spec.position.pct;
  const bool level = !published.testing || !*published.testing || tests;
  return share && level ? Shows::RampPosition : Shows::OtherTags;
}

// What the reports of each day say; the surest word wins, and silence loses to a contradiction.
struct DayWord {
  bool position = false;
  bool other_tags = false;
  bool silent = false;

  bool live() const { return position || (silent && !other_tags); }
  bool policy() const { return position || silent || other_tags; }
};

using DayWords = std::map<Date, DayWord>;

DayWords words_of(const Domain& domain, const EvidenceRows& rows, Date today) {
  DayWords words;
  for (const EvidenceRow* row : rows) {
    if (row->policy_domain != domain.name || row->day > today) continue;
    DayWord& word = words[row->day];
    const Shows shows = shown_by(row->published, domain.dmarc);
    word.position = word.position || shows == Shows::RampPosition;
    word.other_tags = word.other_tags || shows == Shows::OtherTags;
    word.silent = word.silent || shows == Shows::Silent;
  }
  return words;
}

// Without `since`: the first day of the last unbroken stretch.
std::optional<Date> live_of_late(const DayWords& words) {
  std::optional<Date> first;
  for (const auto& [day, word] : words) {
    if (!word.live()) {
      first.reset();
    } else if (!first) {
      first = day;
    }
  }
  return first;
}

bool was_live_before(const DayWords& words, Date since) {
  auto at = words.lower_bound(since);
  return at != words.begin() && std::prev(at)->second.live();
}

}  // namespace

std::optional<Date> live_day(const Domain& domain, const EvidenceRows& rows, Date today) {
  const DayWords words = words_of(domain, rows, today);
  if (!domain.dmarc.since) return live_of_late(words);
  const Date since = *domain.dmarc.since;
  if (was_live_before(words, since)) return since;
  for (auto at = words.lower_bound(since); at != words.end(); ++at) {
    const bool doubted = at->first >= since + kTagGracePeriod && at->second.policy();
    if (at->second.live() || doubted) return at->first;
  }
  return std::nullopt;
}

StepCalendar calendar_of(const Domain& domain, const EvidenceRows& rows, Time now) {
  const DmarcSpec& spec = domain.dmarc;
  const Date today = floor<days>(now);
  StepCalendar calendar;
  calendar.live = live_day(domain, rows, today);
  if (calendar.live) calendar.start = std::max(*calendar.live, spec.since.value_or(*calendar.live));
  // Reports of the last three days may still come and show it; those before would be here.
  const Date soonest = floor<days>(now - kReportDelay);
  const Date start = calendar.start.value_or(std::max(spec.since.value_or(soonest), soonest));
  calendar.ends = add(Time(start), hold_at(*spec.ramp, spec.position));
  calendar.over = calendar.start && now >= *calendar.ends;
  const Date ended = floor<days>(*calendar.ends);
  calendar.due = allowed_day(*spec.ramp, ended);
  calendar.allowed = allowed_day(*spec.ramp, std::max(ended, today));
  return calendar;
}

Duration hold_at(const Ramp& ramp, RampPosition position) {
  Duration hold{0, Duration::Unit::Days};
  bool found = false;
  for (const RampStep& step : ramp.steps) {
    if (found && step.position > position) break;
    if (step.hold) hold = *step.hold;
    found = true;
  }
  return hold;
}

std::optional<Date> allowed_day(const Ramp& ramp, Date day) {
  // Freezes may follow one another and weekdays recur: a week beyond each freeze is far enough.
  const std::size_t most = 8 * (ramp.freeze.size() + 1);
  for (std::size_t i = 0; i < most; ++i) {
    const auto frozen =
        std::ranges::find_if(ramp.freeze, [&](const auto& range) { return range.contains(day); });
    const bool weekday =
        ramp.weekdays.empty() ||
        std::ranges::find(ramp.weekdays, std::chrono::weekday(day)) != ramp.weekdays.end();
    if (frozen == ramp.freeze.end() && weekday) return day;
    day = frozen == ramp.freeze.end() ? day + days(1) : frozen->last + days(1);
    if (day > kLastDay) break;
  }
  return std::nullopt;
}

}  // namespace rampart
