/// Everything that has a date: ramp steps, key rotations, the end of waivers, reviews of senders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.h"
#include "policies/ramp/step.h"

namespace rampart {

/// One dated event of one domain.
struct TimelineEvent {
  enum class Kind { Ramp, Rotation, Waiver, Review };
  Date date;
  Name domain;
  Kind kind = Kind::Ramp;
  std::string what;      ///< A clause for people: "monitor -> quarantine at 10% (ramp standard)".
  int overdue_days = 0;  ///< Days since it was due; 0 for future events.

  bool operator==(const TimelineEvent&) const = default;
};

/// "ramp", "rotation", "waiver", "review".
std::string_view to_text(TimelineEvent::Kind kind);

/// How long after a sender's `reviewed:` date the next review is due. Most audits of suppliers
/// require one a year.
constexpr Duration kReviewEvery{12, Duration::Unit::Months};

/// The steps of one domain's ramp up to `until`: the next one by `decision`, and the later ones on
/// the earliest days that holds and calendar allow. A step that waits for a run or for evidence is
/// overdue from the day that its hold and the calendar allowed. If its position was never seen
/// live, it is not overdue: the hold is counted from today, or from a later `since`.
std::vector<TimelineEvent> ramp_events(const Domain& domain, const StepDecision& decision,
                                       Date today, Date until);

/// All events of one domain up to `until`, by (date, kind, what).
std::vector<TimelineEvent> events_of(const Domain& domain, const StepDecision& decision,
                                     const World& world, Date until);

/// All events of every domain up to `until`, by (date, domain, kind, what).
std::vector<TimelineEvent> timeline_of(const Config& config, const World& world, Date until);

}  // namespace rampart
