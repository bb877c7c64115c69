/// Which rows of evidence speak of a domain, and of which days.
#pragma once

#include <optional>

#include "policies/ramp/legit.h"

namespace rampart {

/// Whole UTC days, `until` not included.
struct EvidenceWindow {
  Date from;
  Date until;

  bool contains(Date day) const { return from <= day && day < until; }
  bool operator==(const EvidenceWindow&) const = default;
};

/// The whole days of [now - 72 h - length, now - 72 h].
EvidenceWindow gate_window(Time now, Duration length);

/// The day `length` before `day`; months clamp, hours are rounded up to whole days.
Date before(Date day, Duration length);

/// The rows of a domain's mail, by day: those judged by its own record, whatever it published, with
/// the sub-domains that it governs; and its own mail judged by a record above it.
EvidenceRows rows_of(const Evidence& evidence, const Name& domain);

/// Those of `rows` within the window.
EvidenceRows rows_within(const EvidenceRows& rows, EvidenceWindow window);

}  // namespace rampart
