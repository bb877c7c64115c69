#include "base/calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

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

// Exactly the decimal digits of `text`, or nullopt.
std::optional<int> digits(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  if (!std::ranges::all_of(text, is_digit)) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == std::string_view::npos || (end > 1 && text.front() == '0')) return std::nullopt;
  const std::optional<int> count = digits(text.substr(0, end));
  const std::string_view unit = text.substr(end);
  if (!count || *count > 100000) return std::nullopt;
  if (unit == "h") return Duration{*count, Duration::Unit::Hours};
  if (unit == "d") return Duration{*count, Duration::Unit::Days};
  if (unit == "w") return Duration{*count, Duration::Unit::Weeks};
  if (unit == "mo") return Duration{*count, Duration::Unit::Months};
  return std::nullopt;
}

std::string to_text(Duration duration) {
  switch (duration.unit) {
    case Duration::Unit::Hours:
      return fmt::format("{}h", duration.count);
    case Duration::Unit::Days:
      return fmt::format("{}d", duration.count);
    case Duration::Unit::Weeks:
      return fmt::format("{}w", duration.count);
    case Duration::Unit::Months:
      break;
  }
  return fmt::format("{}mo", duration.count);
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
  const Date date = std::chrono::floor<days>(start);
  year_month_day moved = year_month_day(date) + months(duration.count);
  if (!moved.ok()) moved = moved.year() / moved.month() / std::chrono::last;
  return Date(moved) + (start - Time(date));
}

std::optional<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::optional<int> y = digits(text.substr(0, 4));
  const std::optional<int> m = digits(text.substr(5, 2));
  const std::optional<int> d = digits(text.substr(8, 2));
  if (!y || !m || !d || *y < 1970) return std::nullopt;
  const year_month_day date{year(*y), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  return Date(date);
}

std::string to_text(Date date) {
  const year_month_day ymd(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

std::optional<Time> parse_time(std::string_view text) {
  if (text.size() != 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != 'Z') {
    return std::nullopt;
  }
  const std::optional<Date> date = parse_date(text.substr(0, 10));
  const std::optional<int> h = digits(text.substr(11, 2));
  const std::optional<int> m = digits(text.substr(14, 2));
  const std::optional<int> s = digits(text.substr(17, 2));
  if (!date || !h || !m || !s || *h > 23 || *m > 59 || *s > 59) return std::nullopt;
  return Time(*date) + hours(*h) + minutes(*m) + seconds(*s);
}

std::string to_text(Time time) {
  const Date date = std::chrono::floor<days>(time);
  const std::chrono::hh_mm_ss clock(time - Time(date));
  return fmt::format("{}T{:02}:{:02}:{:02}Z", to_text(date), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<DateRange> parse_date_range(std::string_view text) {
  if (text.size() != 21 || text[10] != '/') return std::nullopt;
  const std::optional<Date> first = parse_date(text.substr(0, 10));
  const std::optional<Date> last = parse_date(text.substr(11));
  if (!first || !last || *last < *first) return std::nullopt;
  return DateRange{*first, *last};
}

}  // namespace rampart
