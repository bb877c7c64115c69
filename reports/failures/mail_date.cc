/// Dates of mails (RFC 5322 section 3.3).
#include <algorithm>
#include <array>

#include "base/text.h"
#include "reports/failures/failure_report.h"

namespace rampart::reports {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

/// One to four digits and nothing else.
std::optional<int> number(std::string_view text) {
  if (text.empty() || text.size() > 4 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

/// The words of a date, without comments, the day's name and the comma after it.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  int depth = 0;
  for (const char c : text) {
    // Comments nest, and mostly repeat the zone's name: "+0200 (CEST)".
    if (c == '(') ++depth;
    const bool gap = is_space(c) || c == ',' || depth > 0;
    if (c == ')' && depth > 0) --depth;
    if (!gap) {
      words.back() += to_lower(c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  if (!words.empty() && is_alpha(words.front().front())) words.erase(words.begin());
  return words;
}

/// "+0200" as what to subtract; obsolete names are UTC, as section 4.3 has them read.
std::optional<std::chrono::minutes> zone(std::string_view text) {
  if (!text.starts_with('+') && !text.starts_with('-')) return std::chrono::minutes(0);
  const auto value = number(text.substr(1));
  if (!value || text.size() != 5 || *value > 1400 || *value % 100 > 59) return std::nullopt;
  const int minutes = *value / 100 * 60 + *value % 100;
  return std::chrono::minutes(text.front() == '-' ? -minutes : minutes);
}

std::optional<std::chrono::seconds> clock(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto hour = number(parts[0]);
  const auto minute = number(parts[1]);
  const auto second = parts.size() == 3 ? number(parts[2]) : std::optional<int>(0);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

std::optional<Time> parse_mail_date(std::string_view text) {
  const std::vector<std::string> words = words_of(text);
  if (words.size() < 4) return std::nullopt;
  const auto month = std::ranges::find(kMonths, std::string_view(words[1]).substr(0, 3));
  const auto day = number(words[0]);
  auto year = number(words[2]);
  const auto time = clock(words[3]);
  const auto shift = zone(words.size() > 4 ? words[4] : "");
  if (month == kMonths.end() || !day || !year || !time || !shift) return std::nullopt;
  // Section 4.3: years of two or three digits.
  if (*year < 50) *year += 2000;
  if (*year < 1000) *year += 1900;
  const std::chrono::year_month_day date(
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return Time(Date(date)) + *time - *shift;
}

}  // namespace rampart::reports
