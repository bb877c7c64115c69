/// Computes live days, holds and allowed days.
#include "policies/ramp/step_calendar.h"

#include <algorithm>
#include <set>

#include "policies/model/lookup.h"
#include "policies/ramp/ramp.h"
#include "policies/ramp/step.h"

namespace rampart {
namespace {

using std::chrono::days;

/// The last date that the YAML can express: the search for an allowed day ends there.
constexpr Date kLastDay{std::chrono::year(9999) / 12 / 31};

// How the record that one row states as published matches the domain's position. Reporters differ
// in which tags they copy, so a match has degrees.
enum class Shows { OtherPolicy, OtherTags, PolicyOnly, Position };

// A pct above the position's counts as matching: a reporter that always writes pct=100 must not
// hide that pct=10 is live. t=y matches only where the position publishes it.
Shows shown_by(const Published& published, const DmarcSpec& spec) {
  if (published.policy != policy_of(spec.position.phase)) return Shows::OtherPolicy;
  if (spec.position.phase == Phase::Monitor) return Shows::Position;
  if (!published.pct && !published.testing) return Shows::PolicyOnly;
  const bool publishes_t = spec.ramp->mode == RampMode::Compat && spec.position.pct < 100;
  const bool pct_matches = !published.pct || *published.pct >= spec.position.pct;
  const bool t_matches = !published.testing || !*published.testing || publishes_t;
  return pct_matches && t_matches ? Shows::Position : Shows::OtherTags;
}

// What the reports of one day show. One full match is enough; a report without pct and t counts as
// a match unless another one contradicts it.
struct DayReports {
  std::set<Shows> shown;

  bool live() const {
    return shown.contains(Shows::Position) ||
           (shown.contains(Shows::PolicyOnly) && !shown.contains(Shows::OtherTags));
  }
  bool policy_matches() const {
    return std::ranges::any_of(shown, [](Shows one) { return one != Shows::OtherPolicy; });
  }
};

using Days = std::map<Date, DayReports>;

// Reports dated in the future come from wrong clocks and are left out.
Days days_of(const Domain& domain, const EvidenceRows& rows, Date today) {
  Days reports;
  for (const EvidenceRow* row : rows) {
    if (row->policy_domain != domain.name || row->day > today) continue;
    reports[row->day].shown.insert(shown_by(row->published, domain.dmarc));
  }
  return reports;
}

// The first day of the latest consecutive days that show the position.
std::optional<Date> last_live_stretch(const Days& reports) {
  std::optional<Date> first;
  for (const auto& [day, report] : reports) {
    if (!report.live()) {
      first.reset();
    } else if (!first) {
      first = day;
    }
  }
  return first;
}

// Whether the last day of reports before `since` shows the position already: somebody rewrote
// `since`, or published the record ahead of the YAML.
bool was_live_before(const Days& reports, Date since) {
  auto at = reports.lower_bound(since);
  return at != reports.begin() && std::prev(at)->second.live();
}

}  // namespace

// Without `since`, the latest consecutive days count; with it, only days from then on. After the
// grace period a matching policy is enough, even where pct or t differ.
std::optional<Date> live_day(const Domain& domain, const EvidenceRows& rows, Date today) {
  const Days reports = days_of(domain, rows, today);
  if (!domain.dmarc.since) return last_live_stretch(reports);
  const Date since = *domain.dmarc.since;
  if (was_live_before(reports, since)) return since;
  for (auto at = reports.lower_bound(since); at != reports.end(); ++at) {
    const bool tags_required = at->first < since + kTagGracePeriod;
    if (tags_required ? at->second.live() : at->second.policy_matches()) return at->first;
  }
  return std::nullopt;
}

// The hold counts from the day on which reports show the record, not from the edit of the YAML: a
// change that was merged but never applied must not run down its hold.
StepCalendar calendar_of(const Domain& domain, const EvidenceRows& rows, Time now) {
  const DmarcSpec& spec = domain.dmarc;
  const Date today = utc_day(now);
  StepCalendar calendar;
  calendar.live = live_day(domain, rows, today);
  if (calendar.live) calendar.start = std::max(*calendar.live, spec.since.value_or(*calendar.live));
  // Not seen live yet. Reports of the last three days may still arrive and show it; earlier ones
  // would be here by now, so the hold cannot have begun before that.
  const Date soonest = utc_day(now - kReportDelay);
  const Date start = calendar.start.value_or(std::max(spec.since.value_or(soonest), soonest));
  calendar.ends = add(Time(start), hold_at(*spec.ramp, spec.position));
  calendar.over = calendar.start && now >= *calendar.ends;
  const Date ended = utc_day(*calendar.ends);
  calendar.due = allowed_day(*spec.ramp, ended);
  calendar.allowed = allowed_day(*spec.ramp, std::max(ended, today));
  return calendar;
}

// A position set by hand between two steps has the hold of the lower step. Below all steps, the
// first step's hold counts. A step without a hold keeps that of the one before.
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

// Freezes may follow each other without a gap, so the day after one may be in the next.
std::optional<Date> allowed_day(const Ramp& ramp, Date day) {
  // One try skips a freeze, and at most seven more find an allowed weekday: 8 tries per freeze are
  // enough. The limit ends the search where weekdays and freezes leave no day.
  const std::size_t most = 8 * (ramp.freeze.size() + 1);
  for (std::size_t i = 0; i < most; ++i) {
    const auto frozen =
        std::ranges::find_if(ramp.freeze, [&](const auto& range) { return range.contains(day); });
    const bool weekday =
        ramp.weekdays.empty() || contains(ramp.weekdays, std::chrono::weekday(day));
    if (frozen == ramp.freeze.end() && weekday) return day;
    day = frozen == ramp.freeze.end() ? day + days(1) : frozen->last + days(1);
    if (day > kLastDay) break;
  }
  return std::nullopt;
}

}  // namespace rampart
