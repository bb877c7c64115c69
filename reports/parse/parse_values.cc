/// Keywords, numbers and dates of reports.
#include "reports/parse/parse_values.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace rampart::reports {
namespace {

/// In the order of the enumerators, whose numbers the store contains. RFC 8601 section 2.7 has the
/// words.
constexpr std::array<std::string_view, 9> kAuthResults = {
    "none", "neutral", "pass", "fail", "softfail", "policy", "temperror", "permerror", "other"};
constexpr std::array<std::string_view, 6> kDispositions = {"",       "none", "quarantine",
                                                           "reject", "pass", "other"};

/// Case-insensitive; `lower` is in lower case.
bool same(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower, {}, to_lower);
}

template <std::size_t N>
std::optional<std::size_t> index_in(const std::array<std::string_view, N>& words,
                                    std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (same(text, words[i])) return i;
  }
  return std::nullopt;
}

/// Decimal digits alone, at most `most`.
std::optional<std::int64_t> digits(std::string_view text, std::int64_t most) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    // Checked in each step, because the text may have any number of digits.
    value = value * 10 + (c - '0');
    if (value > most) return std::nullopt;
  }
  return value;
}

/// Consumes exactly `count` digits.
std::optional<int> consume_digits(std::string_view& text, std::size_t count) {
  const auto value = digits(text.substr(0, count), 99'999);
  if (text.size() < count || !value) return std::nullopt;
  text.remove_prefix(count);
  return static_cast<int>(*value);
}

bool consume(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

/// A time zone, "Z", "", "+02:00" or "-0500", as what to subtract from the local time.
std::optional<std::chrono::seconds> offset(std::string_view text) {
  if (text.empty() || same(text, "z") || same(text, " utc") || same(text, " gmt")) {
    return std::chrono::seconds(0);
  }
  const int sign = text.front() == '-' ? -1 : 1;
  if (text.front() != '+' && text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = consume_digits(text, 2);
  // ISO 8601 permits both forms, and some reporters write hours alone.
  consume(text, ':');
  const auto minutes = text.empty() ? std::optional<int>(0) : consume_digits(text, 2);
  if (!hours || !minutes || !text.empty() || *hours > 14 || *minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

/// "2026-11-21", "2026-11-21 10:00:00" or "2026-11-21T10:00:00.5+02:00".
std::optional<Time> iso(std::string_view text) {
  if (text.size() < 10) return std::nullopt;
  const auto day = parse_date(text.substr(0, 10));
  if (!day) return std::nullopt;
  text.remove_prefix(10);
  if (text.empty()) return Time(*day);
  if (!consume(text, 'T') && !consume(text, ' ')) return std::nullopt;
  const auto hour = consume_digits(text, 2);
  if (!consume(text, ':')) return std::nullopt;
  const auto minute = consume_digits(text, 2);
  const auto second = consume(text, ':') ? consume_digits(text, 2) : std::optional<int>(0);
  // Fractions are dropped: ranges have whole seconds.
  if (consume(text, '.')) {
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  }
  const auto shift = offset(text);
  if (!hour || !minute || !second || !shift) return std::nullopt;
  // 60 is a leap second.
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Time(*day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) - *shift;
}

/// Rejects times outside of 1970 to 2099: they come from broken clocks or units.
std::optional<Time> plausible(Time time) {
  constexpr Time kFirst{std::chrono::seconds(0)};
  constexpr Time kLast{std::chrono::seconds(4'102'444'800)};
  if (time < kFirst || time >= kLast) return std::nullopt;
  return time;
}

}  // namespace

std::optional<std::int64_t> parse_count(std::string_view text) {
  // Some reporters write "+5" or "5.0".
  consume(text, '+');
  const auto point = text.find('.');
  if (point != text.npos) {
    const std::string_view decimals = text.substr(point + 1);
    // A true fraction is no count of messages, and rounding would invent or lose some.
    if (!std::ranges::all_of(decimals, [](char c) { return c == '0'; })) return std::nullopt;
    text = text.substr(0, point);
  }
  return digits(text, kMostMessages);
}

std::optional<Time> parse_moment(std::string_view text) {
  // RFC 9990 wants seconds since 1970, but some reporters write ISO 8601. No number of seconds has
  // a "-" there.
  if (text.size() >= 10 && text[4] == '-') {
    const auto time = iso(text);
    return time ? plausible(*time) : std::nullopt;
  }
  const auto point = text.find('.');
  if (point != text.npos) {
    if (!std::ranges::all_of(text.substr(point + 1), is_digit)) return std::nullopt;
    text = text.substr(0, point);
  }
  auto value = digits(text, 9'999'999'999'999'999);
  if (!value) return std::nullopt;
  // Seconds have ten digits until 2286; more digits mean milliseconds or microseconds.
  for (int i = 0; i < 2 && *value >= 100'000'000'000; ++i) *value /= 1000;
  return plausible(Time(std::chrono::seconds(*value)));
}

AuthResult parse_auth_result(std::string_view text) {
  if (text.empty()) return AuthResult::None;
  if (const auto index = index_in(kAuthResults, text)) return static_cast<AuthResult>(*index);
  // RFC 5451 called a failing SPF result "hardfail", and old software still does.
  if (same(text, "hardfail") || same(text, "failed")) return AuthResult::Fail;
  if (same(text, "error")) return AuthResult::TempError;
  // RFC 7489 appendix C: PermError is commonly implemented as "unknown".
  if (same(text, "unknown") || same(text, "invalid")) return AuthResult::PermError;
  return AuthResult::Other;
}

PolicyEvaluated parse_evaluated(std::string_view text) {
  if (same(text, "pass")) return PolicyEvaluated::Pass;
  // RFC 7489 appendix C permits pass and fail alone. Other words that reporters write, such as
  // softfail or none, mean that nothing was aligned.
  return text.empty() ? PolicyEvaluated::Absent : PolicyEvaluated::Fail;
}

Disposition parse_disposition(std::string_view text) {
  const auto index = index_in(kDispositions, text);
  return index ? static_cast<Disposition>(*index) : Disposition::Other;
}

std::string_view to_text(AuthResult result) {
  return kAuthResults[static_cast<std::size_t>(result)];
}

std::string_view to_text(Disposition disposition) {
  return kDispositions[static_cast<std::size_t>(disposition)];
}

std::string_view to_text(PolicyEvaluated evaluated) {
  if (evaluated == PolicyEvaluated::Absent) return "";
  return evaluated == PolicyEvaluated::Pass ? "pass" : "fail";
}

}  // namespace rampart::reports
