/// Everything that has a date: steps of ramps, rotations, waivers that end, senders to be reviewed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.h"
#include "policies/ramp/step.h"

namespace rampart {

struct TimelineEvent {
  enum class Kind { Ramp, Rotation, Waiver, Review };
  Date date;
  Name domain;
  Kind kind = Kind::Ramp;
  std::string what;      ///< A clause for people.
  int overdue_days = 0;  ///< How long it has been due; 0 for what is still to come.

  bool operator==(const TimelineEvent&) const = default;
};

/// "ramp", "rotation", "waiver", "review".
std::string_view to_text(TimelineEvent::Kind kind);

/// How long after a sender's `reviewed:` the next review is due.
constexpr Duration kReviewEvery{12, Duration::Unit::Months};

/// The steps of one domain's ramp up to `until`: what is next, as `decision` has it, and beyond it
/// what the calendar allows at the earliest. A step that only waits for a run, or for evidence, is
/// overdue since its hold and the calendar let it go.
std::vector<TimelineEvent> ramp_events(const Domain& domain, const StepDecision& decision,
                                       Date today, Date until);

/// All events of one domain up to `until`, by (date, kind, what).
std::vector<TimelineEvent> events_of(const Domain& domain, const StepDecision& decision,
                                     const World& world, Date until);

/// All events of every domain up to `until`, by (date, domain, kind, what).
std::vector<TimelineEvent> timeline_of(const Config& config, const World& world, Date until);

}  // namespace rampart
