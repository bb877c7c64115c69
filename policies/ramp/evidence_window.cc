/// Rows of evidence by domain and day.
#include "policies/ramp/evidence_window.h"

#include <algorithm>

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

// Evidence is sorted by policy domain, so a binary search finds a domain's rows.
auto rows_under(const Evidence& evidence, const Name& policy_domain) {
  return std::ranges::equal_range(evidence.rows, policy_domain, {}, &EvidenceRow::policy_domain);
}

}  // namespace

// Windows end on whole days, because reports cover whole days (RFC 7489 section 7.2).
Date before(Date day, Duration length) {
  switch (length.unit) {
    case Duration::Unit::Hours:
      // Evidence has a resolution of one day: a window of 12 h still needs one of them.
      return day - days((length.count + 23) / 24);
    case Duration::Unit::Days:
      return day - days(length.count);
    case Duration::Unit::Weeks:
      return day - days(7 * length.count);
    case Duration::Unit::Months:
      break;
  }
  const std::chrono::year_month_day start(day);
  std::chrono::year_month_day moved = start - std::chrono::months(length.count);
  // 31 March less one month is no date; the end of February is meant.
  if (!moved.ok()) moved = moved.year() / moved.month() / std::chrono::last;
  return Date(moved);
}

// The last three days are left out: their reports are incomplete, and a share of few messages
// misleads.
EvidenceWindow gate_window(Time now, Duration length) {
  const Date until = floor<days>(now - kReportDelay);
  return {before(until, length), until};
}

// A domain that has only just got its own record was evaluated against its parent's before: those
// rows are as much evidence on its mail as the later ones.
EvidenceRows rows_of(const Evidence& evidence, const Name& domain) {
  EvidenceRows rows;
  for (const EvidenceRow& row : rows_under(evidence, domain)) rows.push_back(&row);
  if (!domain.is_root()) {
    for (Name above = domain.parent(); !above.is_root(); above = above.parent()) {
      for (const EvidenceRow& row : rows_under(evidence, above)) {
        if (row.header_from.is_within(domain)) rows.push_back(&row);
      }
    }
  }
  std::ranges::stable_sort(rows, {}, &EvidenceRow::day);
  return rows;
}

// The rows are sorted by day already, so that a window costs two searches.
EvidenceRows rows_within(const EvidenceRows& rows, EvidenceWindow window) {
  const auto first = std::ranges::lower_bound(rows, window.from, {}, &EvidenceRow::day);
  const auto last = std::ranges::lower_bound(rows, window.until, {}, &EvidenceRow::day);
  return first < last ? EvidenceRows(first, last) : EvidenceRows();
}

}  // namespace rampart
