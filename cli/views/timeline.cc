/// The timeline as a table and as JSON.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/views/explain.h"
#include "cli/views/json_parts.h"
#include "cli/views/plan_lines.h"
#include "dns/txt.h"

namespace rampart {
namespace {

/// The date is first and has a fixed width, so that the list can be sorted and searched by it.
std::string row(const TimelineEvent& event, std::size_t width, Colour colour) {
  std::string late;
  if (event.overdue_days > 0) {
    late = paint(colour, kRed, counted(event.overdue_days, "day") + " overdue: ");
  }
  return fmt::format("  {}  {:<{}}  {:<8}  {}{}\n", to_text(event.date), event.domain.unicode(),
                     width, to_text(event.kind), late, printable(event.what));
}

}  // namespace

// Overdue events come first: they are the only ones that need action today.
std::string timeline_text(std::span<const TimelineEvent> events, Date until, Colour colour) {
  std::size_t width = 0;
  // The number of octets is an upper bound of a name's width; fmt pads by the displayed width.
  for (const TimelineEvent& one : events) width = std::max(width, one.domain.unicode().size());
  std::string overdue;
  std::string coming;
  for (const TimelineEvent& one : events) {
    (one.overdue_days > 0 ? overdue : coming) += row(one, width, colour);
  }
  std::string text;
  if (!overdue.empty()) text += paint(colour, kBold, "Overdue") + "\n" + overdue + "\n";
  if (coming.empty()) return text + fmt::format("Nothing is due until {}.\n", to_text(until));
  return text + paint(colour, kBold, fmt::format("Until {}", to_text(until))) + "\n" + coming;
}

std::string timeline_json(std::span<const TimelineEvent> events) {
  return document({{"events", array_of(events, event_json)}});
}

}  // namespace rampart
