#include "base/calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"

namespace rampart {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::year;
using std::chrono::year_month_day;

// The suffixes in the order of Duration::Unit.
constexpr std::array<std::string_view, 4> kUnits = {"h", "d", "w", "mo"};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == std::string_view::npos || (end > 1 && text.front() == '0')) return std::nullopt;
  const auto count = parse_decimal<int>(text.substr(0, end));
  const auto unit = std::ranges::find(kUnits, text.substr(end));
  // The bound keeps sums of durations within the range of every date that is computed from them.
  if (!count || *count > 100000 || unit == kUnits.end()) return std::nullopt;
  return Duration{*count, static_cast<Duration::Unit>(unit - kUnits.begin())};
}

std::string to_text(Duration duration) {
  return fmt::format("{}{}", duration.count, kUnits[static_cast<std::size_t>(duration.unit)]);
}

// Months are calendar months; the time of day stays.
Time add(Time start, Duration duration) {
  switch (duration.unit) {
    case Duration::Unit::Hours:
      return start + hours(duration.count);
    case Duration::Unit::Days:
      return start + days(duration.count);
    case Duration::Unit::Weeks:
      return start + days(7 * duration.count);
    case Duration::Unit::Months:
      break;
  }
  // C++ has no arithmetic of months on time points: the date moves, the time of day is added again.
  const Date date = std::chrono::floor<days>(start);
  year_month_day moved = year_month_day(date) + months(duration.count);
  // 31 January + 1mo names no day; a deadline at the end of a month remains at the end of a month.
  if (!moved.ok()) moved = moved.year() / moved.month() / std::chrono::last;
  return Date(moved) + (start - Time(date));
}

std::optional<Date> parse_date(std::string_view text) {
  // Fixed width, so that dates sort as text, in the store too.
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto y = parse_decimal<int>(text.substr(0, 4));
  const auto m = parse_decimal<unsigned>(text.substr(5, 2));
  const auto d = parse_decimal<unsigned>(text.substr(8, 2));
  if (!y || !m || !d || *y < 1970) return std::nullopt;
  const year_month_day date{year(*y), month(*m), day(*d)};
  if (!date.ok()) return std::nullopt;
  return Date(date);
}

std::string to_text(Date date) {
  const year_month_day ymd(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

std::optional<Time> parse_time(std::string_view text) {
  // Only this one of RFC 3339's forms: no offsets and no fractions, so equal times are equal texts.
  // Leap seconds have no place in system_clock.
  if (text.size() != 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != 'Z') {
    return std::nullopt;
  }
  const std::optional<Date> date = parse_date(text.substr(0, 10));
  const auto h = parse_decimal<int>(text.substr(11, 2));
  const auto m = parse_decimal<int>(text.substr(14, 2));
  const auto s = parse_decimal<int>(text.substr(17, 2));
  if (!date || !h || !m || !s || *h > 23 || *m > 59 || *s > 59) return std::nullopt;
  return Time(*date) + hours(*h) + minutes(*m) + seconds(*s);
}

std::string to_text(Time time) {
  const Date date = std::chrono::floor<days>(time);
  const std::chrono::hh_mm_ss clock(time - Time(date));
  return fmt::format("{}T{:02}:{:02}:{:02}Z", to_text(date), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

// RFC 3339's dates with ISO 8601's separator of intervals.
std::optional<DateRange> parse_date_range(std::string_view text) {
  if (text.size() != 21 || text[10] != '/') return std::nullopt;
  const std::optional<Date> first = parse_date(text.substr(0, 10));
  const std::optional<Date> last = parse_date(text.substr(11));
  if (!first || !last || *last < *first) return std::nullopt;
  return DateRange{*first, *last};
}

}  // namespace rampart
