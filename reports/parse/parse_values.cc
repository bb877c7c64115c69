/// The words, numbers and dates of reports.
#include "reports/parse/parse_values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "base/text.h"

namespace rampart::reports {
namespace {

constexpr std::array<std::string_view, 9> kRaw = {
    "none", "neutral", "pass", "fail", "softfail", "policy", "temperror", "permerror", "other"};
constexpr std::array<std::string_view, 6> kDispositions = {"",       "none", "quarantine",
                                                           "reject", "pass", "other"};

bool same(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower,
                            [](unsigned char x, unsigned char y) { return std::tolower(x) == y; });
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
    value = value * 10 + (c - '0');
    if (value > most) return std::nullopt;
  }
  return value;
}

/// Takes as many digits as asked from the front.
std::optional<int> take(std::string_view& text, std::size_t count) {
  const auto value = digits(text.substr(0, count), 99'999);
  if (text.size() < count || !value) return std::nullopt;
  text.remove_prefix(count);
  return static_cast<int>(*value);
}

bool take_mark(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

/// "Z", "", "+02:00" or "-0500": what to subtract.
std::optional<std::chrono::seconds> offset(std::string_view text) {
  if (text.empty() || same(text, "z") || same(text, " utc") || same(text, " gmt")) {
    return std::chrono::seconds(0);
  }
  const int sign = text.front() == '-' ? -1 : 1;
  if (text.front() != '+' && text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take(text, 2);
  take_mark(text, ':');
  const auto minutes = text.empty() ? std::optional<int>(0) : take(text, 2);
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
  if (!take_mark(text, 'T') && !take_mark(text, ' ')) return std::nullopt;
  const auto hour = take(text, 2);
  if (!take_mark(text, ':')) return std::nullopt;
  const auto minute = take(text, 2);
  const auto second = take_mark(text, ':') ? take(text, 2) : std::optional<int>(0);
  if (take_mark(text, '.')) {
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  }
  const auto shift = offset(text);
  if (!hour || !minute || !second || !shift) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Time(*day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) - *shift;
}

std::optional<Time> plausible(Time time) {
  constexpr Time kFirst{std::chrono::seconds(0)};
  constexpr Time kLast{std::chrono::seconds(4'102'444'800)};
  if (time < kFirst || time >= kLast) return std::nullopt;
  return time;
}

}  // namespace

std::optional<std::int64_t> parse_count(std::string_view text) {
  take_mark(text, '+');
  const auto point = text.find('.');
  if (point != text.npos) {
    const std::string_view decimals = text.substr(point + 1);
    if (!std::ranges::all_of(decimals, [](char c) { return c == '0'; })) return std::nullopt;
    text = text.substr(0, point);
  }
  return digits(text, kMostMessages);
}

std::optional<Time> parse_moment(std::string_view text) {
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
  // Seconds of this century have ten digits; more are a finer unit.
  for (int i = 0; i < 2 && *value >= 100'000'000'000; ++i) *value /= 1000;
  return plausible(Time(std::chrono::seconds(*value)));
}

AuthResult parse_raw(std::string_view text) {
  if (text.empty()) return AuthResult::None;
  if (const auto index = index_in(kRaw, text)) return static_cast<AuthResult>(*index);
  if (same(text, "hardfail") || same(text, "failed")) return AuthResult::Fail;
  if (same(text, "error")) return AuthResult::TempError;
  // RFC 7489 appendix C: PermError is commonly implemented as "unknown".
  if (same(text, "unknown") || same(text, "invalid")) return AuthResult::PermError;
  return AuthResult::Other;
}

PolicyEvaluated parse_evaluated(std::string_view text) {
  if (same(text, "pass")) return PolicyEvaluated::Pass;
  return text.empty() ? PolicyEvaluated::Absent : PolicyEvaluated::Fail;
}

Disposition parse_disposition(std::string_view text) {
  const auto index = index_in(kDispositions, text);
  return index ? static_cast<Disposition>(*index) : Disposition::Other;
}

std::string_view to_text(AuthResult raw) { return kRaw[static_cast<std::size_t>(raw)]; }

std::string_view to_text(Disposition disposition) {
  return kDispositions[static_cast<std::size_t>(disposition)];
}

std::string_view to_text(PolicyEvaluated evaluated) {
  if (evaluated == PolicyEvaluated::Absent) return "";
  return evaluated == PolicyEvaluated::Pass ? "pass" : "fail";
}

}  // namespace rampart::reports
