/// When a step is due: since when the position is live, how long its hold lasts, and which days the
/// ramp allows.
#pragma once

#include <optional>

#include "policies/ramp/evidence_window.h"

namespace rampart {

/// For this long after `since`, pct and t in reports must match too; later a matching p is enough.
/// Some reporters always state a wrong pct or t, and would delay a ramp for ever. A week is longer
/// than the usual TTLs and report delays together.
constexpr std::chrono::days kTagGracePeriod{7};

/// The first day, not before `since`, on which verified reports show the domain's position as
/// published: a matching p, and matching pct and t where a report states them. Without `since`, the
/// first such day after the last day that shows another record. Empty: not known to be live. If the
/// last reports before `since` show the position already, the day is `since`.
std::optional<Date> live_day(const Domain& domain, const EvidenceRows& rows, Date today);

/// The dates of one domain's current step.
struct StepCalendar {
  std::optional<Date> live;     ///< live_day().
  std::optional<Date> start;    ///< The hold counts from this day; empty: not known to be live.
  std::optional<Time> ends;     ///< When the hold ends; without `start`, the earliest time.
  std::optional<Date> allowed;  ///< The first allowed day on or after `ends` and today.
  std::optional<Date> due;  ///< The first allowed day on or after `ends`; overdue counts from it.
  bool over = false;        ///< The hold has begun and ended.
};

/// The dates of the domain's current step; `rows` as rows_of() returns them.
StepCalendar calendar_of(const Domain& domain, const EvidenceRows& rows, Time now);

}  // namespace rampart
