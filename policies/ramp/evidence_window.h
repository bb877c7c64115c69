/// Selecting the rows of report evidence for one domain and a range of days.
#pragma once

#include <optional>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// Some rows of an Evidence, in its order. The Evidence must outlive them.
using EvidenceRows = std::vector<const EvidenceRow*>;

/// A range of whole UTC days; `until` is not included.
struct EvidenceWindow {
  Date from;
  Date until;

  bool contains(Date day) const { return from <= day && day < until; }
  bool operator==(const EvidenceWindow&) const = default;
};

/// The window of `length` that ends 72 h before `now`: reports of later days may still arrive.
EvidenceWindow gate_window(Time now, Duration length);

/// The day `length` before `day`: calendar months are clamped to the end of the month, hours are
/// rounded up to whole days.
Date before(Date day, Duration length);

/// The rows of a domain's mail, sorted by day: all rows that receivers evaluated against its own
/// DMARC record (sub-domains that the record governs included), and rows of its own mail that they
/// evaluated against the record of a parent domain.
EvidenceRows rows_of(const Evidence& evidence, const Name& domain);

/// The rows whose day is within the window. `rows` must be sorted by day.
EvidenceRows rows_within(const EvidenceRows& rows, EvidenceWindow window);

}  // namespace rampart
