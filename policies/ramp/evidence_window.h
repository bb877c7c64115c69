/// Selecting the rows of report evidence for one domain and a range of days.
#pragma once

#include <optional>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// Pointers to some rows of an Evidence, which must outlive them.
using EvidenceRows = std::vector<const EvidenceRow*>;

/// A range of whole UTC days; `until` is not included.
struct EvidenceWindow {
  Date from;
  Date until;

  bool contains(Date day) const { return from <= day && day < until; }
  bool operator==(const EvidenceWindow&) const = default;
};

/// The window of `length` that ends where the UTC day of 72 h ago begins: reports of later days may
/// still arrive.
EvidenceWindow gate_window(Time now, Duration length);

/// The day `length` before `day`. Calendar months are clamped to the end of the month. Hours are
/// rounded up to whole days: 12 h before a day is the previous day.
Date before(Date day, Duration length);

/// The rows that concern a domain, sorted by day: all rows that receivers evaluated against its own
/// DMARC record (also of sub-domains that the record governs), and the rows with an author domain
/// at or below `domain` that they evaluated against the record of a parent domain.
EvidenceRows rows_of(const Evidence& evidence, const Name& domain);

/// The rows whose day is within the window. `rows` must be sorted by day.
EvidenceRows rows_within(const EvidenceRows& rows, EvidenceWindow window);

}  // namespace rampart
