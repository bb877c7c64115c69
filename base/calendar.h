/// Dates and durations as the YAML writes them; UTC always.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rampart {

using Date = std::chrono::sys_days;
using Time = std::chrono::sys_seconds;

/// "12h", "14d", "6w", "3mo": calendar months stay months until a date is known.
struct Duration {
  enum class Unit { Hours, Days, Weeks, Months };
  int count = 0;
  Unit unit = Unit::Days;

  bool operator==(const Duration&) const = default;
};

/// Reads a duration; nullopt for other units, a leading zero, and counts above 100000.
std::optional<Duration> parse_duration(std::string_view text);
std::string to_text(Duration duration);

/// `start` plus `duration`; months clamp to the month's end (31 January + 1mo = 28 February).
Time add(Time start, Duration duration);

/// The UTC day that contains `time`.
constexpr Date utc_day(Time time) { return std::chrono::floor<std::chrono::days>(time); }

/// "2026-11-21", an existing day of years 1970 to 9999.
std::optional<Date> parse_date(std::string_view text);
std::string to_text(Date date);

/// "2026-11-21T00:00:00Z" (RFC 3339, UTC only).
std::optional<Time> parse_time(std::string_view text);
std::string to_text(Time time);

/// First and last day, both included: "2026-12-15/2027-01-05".
struct DateRange {
  Date first;
  Date last;

  bool operator==(const DateRange&) const = default;
  bool contains(Date day) const { return first <= day && day <= last; }
};

/// Reads such a range; nullopt where a day does not exist or the last is before the first.
std::optional<DateRange> parse_date_range(std::string_view text);

}  // namespace rampart
