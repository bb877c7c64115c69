/// Holds, live days and allowed days.
#include "policies/ramp/step_calendar.h"

#include <algorithm>

#include "policies/model/lookup.h"
#include "policies/ramp/ramp.h"
#include "policies/ramp/step.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

/// The last date that the YAML can express: the search for an allowed day ends there.
constexpr Date kLastDay{std::chrono::year(9999) / 12 / 31};

// Which record one report row states as published, compared with the domain's position. Reporters
// differ in what they copy from the record, so that a match has degrees.
enum class Shows { OtherPolicy, OtherTags, PolicyOnly, Position };

// A pct above the position's counts as matching, since it asks for no less: a reporter that always
// writes pct=100 must not hide that pct=10 is live.
Shows shown_by(const Published& published, const DmarcSpec& spec) {
  if (published.policy != policy_of(spec.position.phase)) return Shows::OtherPolicy;
  if (spec.position.phase == Phase::Monitor) return Shows::Position;
  if (!published.pct && !published.testing) return Shows::PolicyOnly;
  const bool tests = spec.ramp->mode == RampMode::Compat && spec.position.pct < 100;
  const bool share = !published.pct || *published.pct >= spec.position.pct;
  const bool level = !published.testing || !*published.testing || tests;
  return share && level ? Shows::Position : Shows::OtherTags;
}

// What all reports of one day show. One full match is enough; a report without pct and t counts as
// a match unless another one contradicts it.
struct DayReports {
  bool position = false;
  bool other_tags = false;
  bool policy_only = false;

  bool live() const { return position || (policy_only && !other_tags); }
  bool policy_matches() const { return position || policy_only || other_tags; }
};

using Days = std::map<Date, DayReports>;

// Reports dated in the future come from wrong clocks and are left out.
Days days_of(const Domain& domain, const EvidenceRows& rows, Date today) {
  Days reports;
  for (const EvidenceRow* row : rows) {
    if (row->policy_domain != domain.name || row->day > today) continue;
    DayReports& day = reports[row->day];
    const Shows shows = shown_by(row->published, domain.dmarc);
    day.position = day.position || shows == Shows::Position;
    day.other_tags = day.other_tags || shows == Shows::OtherTags;
    day.policy_only = day.policy_only || shows == Shows::PolicyOnly;
  }
  return reports;
}

// The first day of the latest consecutive days that show the position.
std::optional<Date> last_live_stretch(const Days& reports) {
  std::optional<Date> first;
  for (const auto& [day, shown] : reports) {
    if (!shown.live()) {
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

// Without `since` the latest stretch counts; with it, only days from then on.
std::optional<Date> live_day(const Domain& domain, const EvidenceRows& rows, Date today) {
  const Days reports = days_of(domain, rows, today);
  if (!domain.dmarc.since) return last_live_stretch(reports);
  const Date since = *domain.dmarc.since;
  if (was_live_before(reports, since)) return since;
  for (auto at = reports.lower_bound(since); at != reports.end(); ++at) {
    const bool tags_forgiven = at->first >= since + kTagGracePeriod && at->second.policy_matches();
    if (at->second.live() || tags_forgiven) return at->first;
  }
  return std::nullopt;
}

// The hold counts from the day on which reports show the record, not from the edit of the YAML: a
// change that was merged but never applied must not run down its hold.
StepCalendar calendar_of(const Domain& domain, const EvidenceRows& rows, Time now) {
  const DmarcSpec& spec = domain.dmarc;
  const Date today = floor<days>(now);
  StepCalendar calendar;
  calendar.live = live_day(domain, rows, today);
  if (calendar.live) calendar.start = std::max(*calendar.live, spec.since.value_or(*calendar.live));
  // Not seen live yet. Reports of the last three days may still arrive and show it; earlier ones
  // would be here by now, so the hold cannot have begun before that.
  const Date soonest = floor<days>(now - kReportDelay);
  const Date start = calendar.start.value_or(std::max(spec.since.value_or(soonest), soonest));
  calendar.ends = add(Time(start), hold_at(*spec.ramp, spec.position));
  calendar.over = calendar.start && now >= *calendar.ends;
  const Date ended = floor<days>(*calendar.ends);
  calendar.due = allowed_day(*spec.ramp, ended);
  calendar.allowed = allowed_day(*spec.ramp, std::max(ended, today));
  return calendar;
}

// A position set by hand between two steps has the hold of the lower one, the stricter reading.
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

// Freezes may follow each other without a gap, so that one jump may end in the next freeze.
std::optional<Date> allowed_day(const Ramp& ramp, Date day) {
  // Each freeze is skipped in one step and leads to at most seven days off: 8 tries per freeze find
  // a day if there is one. More would loop for ever where the weekdays and freezes leave none.
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
