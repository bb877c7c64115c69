/// When a step is due: since when its rung is live, how long it holds, which days are allowed.
#pragma once

#include <optional>

#include "policies/ramp/evidence_window.h"

namespace rampart {

/// Reporters that get pct or t wrong for ever are believed in p alone after this many days.
constexpr std::chrono::days kTagGracePeriod{7};

/// The first day, not before `since`, on which verified reports show the domain's rung published: a
/// matching p, and pct or testing where a report states them; a report that states neither counts.
/// Without `since`, the first such day after the last that shows otherwise. Empty: not known live.
std::optional<Date> live_day(const Domain& domain, const EvidenceRows& rows, Date today);

/// Where the calendar stands for one domain.
struct StepCalendar {
  std::optional<Date> live;     ///< live_day().
  std::optional<Date> start;    ///< The hold counts from here; empty: not known to be live.
  std::optional<Time> ends;     ///< When the hold ends, included; the earliest it can, if not live.
  std::optional<Date> allowed;  ///< The first day from then on, and from today, that is allowed.
  std::optional<Date> due;      ///< The first allowed day of all; overdue counts from it.
  bool over = false;            ///< The hold began, and has ended.
};

StepCalendar calendar_of(const Domain& domain, const EvidenceRows& rows, Time now);

}  // namespace rampart
