#include "dns/zonefile/zone_serial.h"

namespace rampart {
namespace {

// Whether `serial` is a date between 1980 and 2099. Day 32 counts: after a hundred changes on the
// 31st, the next number is that of day 32.
bool is_date_style(std::uint32_t serial) {
  const std::uint32_t year = serial / 1000000;
  const std::uint32_t month = serial / 10000 % 100;
  const std::uint32_t day = serial / 100 % 100;
  return year >= 1980 && year <= 2099 && month >= 1 && month <= 12 && day >= 1 && day <= 32;
}

std::uint32_t first_of_day(std::chrono::sys_days today) {
  const std::chrono::year_month_day date(today);
  const auto year = static_cast<std::uint32_t>(static_cast<int>(date.year()));
  return year * 1000000 + static_cast<unsigned>(date.month()) * 10000 +
         static_cast<unsigned>(date.day()) * 100;
}

}  // namespace

std::uint32_t next_serial(std::uint32_t serial, std::chrono::sys_days today) {
  // RFC 1982 arithmetic allows 0, but some servers treat it as "unset".
  const std::uint32_t next = serial + 1 == 0 ? 1 : serial + 1;
  if (!is_date_style(serial)) return next;
  const std::uint32_t first = first_of_day(today) + 1;
  // A serial that is ahead of today, by many changes a day or by hand, must never go back:
  // secondaries would not transfer the zone (RFC 1982 section 3.2).
  return first > serial ? first : next;
}

}  // namespace rampart
