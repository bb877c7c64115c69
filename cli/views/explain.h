/// The output of `explain` and `timeline`.
#pragma once

#include <span>
#include <string>

#include "cli/views/views.h"
#include "reconciler/plan/explain.h"

namespace rampart {

/// One domain, from its phase to what comes next; ages are counted to `today`.
std::string explain_text(const Explanation& explanation, Date today, Colour colour);
std::string explain_json(const Explanation& explanation, Date today);

/// Overdue events first, then those up to `until`.
std::string timeline_text(std::span<const TimelineEvent> events, Date until, Colour colour);

/// {"events": [{date, domain, kind, what, overdue_days}]} (contract section 3).
std::string timeline_json(std::span<const TimelineEvent> events);

}  // namespace rampart
