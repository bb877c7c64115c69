/// Selects rows of evidence by domain and day.
#include "policies/ramp/evidence_window.h"

#include <algorithm>

namespace rampart {
namespace {

// Evidence is sorted by policy domain, so a binary search finds a domain's rows.
auto rows_under(const Evidence& evidence, const Name& policy_domain) {
  return std::ranges::equal_range(evidence.rows, policy_domain, {}, &EvidenceRow::policy_domain);
}

}  // namespace

// Windows consist of whole days, because reports cover whole days (RFC 7489 section 7.2). utc_day()
// rounds the start of the window down, so a window of 12 h is one day long.
Date before(Date day, Duration length) {
  length.count = -length.count;
  return utc_day(add(Time(day), length));
}

// The last three days are left out: some of their reports have not arrived, and a rate over a part
// of the reports misleads.
EvidenceWindow gate_window(Time now, Duration length) {
  const Date until = utc_day(now - kReportDelay);
  return {before(until, length), until};
}

// Before a domain published its own record, receivers evaluated its mail against a parent's record.
// The outcome of that mail is evidence too.
EvidenceRows rows_of(const Evidence& evidence, const Name& domain) {
  EvidenceRows rows;
  for (Name record = domain; !record.is_root(); record = record.parent()) {
    for (const EvidenceRow& row : rows_under(evidence, record)) {
      if (record == domain || row.header_from.is_within(domain)) rows.push_back(&row);
    }
  }
  std::ranges::stable_sort(rows, {}, &EvidenceRow::day);
  return rows;
}

// A window costs two binary searches, since rows are sorted by day.
EvidenceRows rows_within(const EvidenceRows& rows, EvidenceWindow window) {
  const auto first = std::ranges::lower_bound(rows, window.from, {}, &EvidenceRow::day);
  const auto last = std::ranges::lower_bound(rows, window.until, {}, &EvidenceRow::day);
  return first < last ? EvidenceRows(first, last) : EvidenceRows();
}

}  // namespace rampart
