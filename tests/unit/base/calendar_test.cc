/// Dates, times and durations: bad and good tables, round trips, month arithmetic.
#include "base/calendar.h"

#include <catch2/catch.hpp>

namespace rampart {
namespace {

TEST_CASE("durations are read and printed") {
  for (const char* text : {"12h", "14d", "6w", "3mo", "0d", "100000h"}) {
    INFO(text);
    const std::optional<Duration> duration = parse_duration(text);
    REQUIRE(duration);
    CHECK(to_text(*duration) == text);
  }
  for (const char* text : {"", "d", "14", "14 d", "-1d", "1.5d", "014d", "14D", "3m", "1y", "14dd",
                           "100001d", "99999999999d", "+1d"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

void check_add(const char* start, const char* duration, const char* end) {
  INFO(start << " + " << duration);
  CHECK(to_text(add(*parse_time(start), *parse_duration(duration))) == end);
}

TEST_CASE("months clamp to the month's end") {
  check_add("2026-01-31T00:00:00Z", "1mo", "2026-02-28T00:00:00Z");
  check_add("2028-01-31T00:00:00Z", "1mo", "2028-02-29T00:00:00Z");
  check_add("2026-08-31T13:05:09Z", "3mo", "2026-11-30T13:05:09Z");
  check_add("2026-11-30T00:00:00Z", "3mo", "2027-02-28T00:00:00Z");
  check_add("2026-12-15T00:00:00Z", "12mo", "2027-12-15T00:00:00Z");
  check_add("2026-02-28T00:00:00Z", "1d", "2026-03-01T00:00:00Z");
  check_add("2028-02-28T00:00:00Z", "1d", "2028-02-29T00:00:00Z");
  check_add("2026-11-21T23:30:00Z", "1h", "2026-11-22T00:30:00Z");
  check_add("2026-11-21T00:00:00Z", "6w", "2027-01-02T00:00:00Z");
}

TEST_CASE("dates exist or are refused") {
  for (const char* text : {"2026-11-21", "2028-02-29", "1970-01-01", "9999-12-31"}) {
    INFO(text);
    REQUIRE(parse_date(text));
    CHECK(to_text(*parse_date(text)) == text);
  }
  for (const char* text : {"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "1969-12-31",
                           "2026-1-01", "26-01-01", "2026/01/01", "2026-01-01 ", "2026-01-0x"}) {
    INFO(text);
    CHECK_FALSE(parse_date(text));
  }
}

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(to_text(*parse_time("2026-11-21T08:09:10Z")) == "2026-11-21T08:09:10Z");
  for (const char* text :
       {"2026-11-21", "2026-11-21T24:00:00Z", "2026-11-21T08:60:00Z", "2026-11-21T08:09:10",
        "2026-11-21 08:09:10Z", "2026-11-21T08:09:60Z", "2026-11-21T08:09:10+01:00"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text));
  }
}

TEST_CASE("date ranges include both ends and never run backwards") {
  const std::optional<DateRange> range = parse_date_range("2026-12-15/2027-01-05");
  REQUIRE(range);
  CHECK(range->contains(*parse_date("2026-12-15")));
  CHECK(range->contains(*parse_date("2027-01-05")));
  CHECK_FALSE(range->contains(*parse_date("2026-12-14")));
  CHECK_FALSE(range->contains(*parse_date("2027-01-06")));
  CHECK(parse_date_range("2026-12-15/2026-12-15"));
  CHECK_FALSE(parse_date_range("2027-01-05/2026-12-15"));
  CHECK_FALSE(parse_date_range("2026-12-15"));
}

}  // namespace
}  // namespace rampart
