#include "mail/transport/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/decimal.h"
#include "mail/syntax/tags.h"

namespace rampart {
namespace {

constexpr std::int64_t kMostAge = 31557600;  // RFC 8461 section 3.2: a year.

using Fields = std::map<std::string, std::string, std::less<>>;

std::optional<MtaStsMode> read_mode(std::string_view text) {
  if (text == "none") return MtaStsMode::None;
  if (text == "testing") return MtaStsMode::Testing;
  if (text == "enforce") return MtaStsMode::Enforce;
  return std::nullopt;
}

std::optional<std::int64_t> read_age(std::string_view text) {
  // RFC 8461 section 3.2: max_age has 1 to 10 digits.
  return text.size() <= 10 ? parse_decimal<std::int64_t>(text) : std::nullopt;
}

// A host name, or `*.` before one.
bool is_pattern(std::string_view text) {
  // RFC 8461 section 3.2: a wildcard is the whole first label and no other.
  const auto name = Name::parse(text.starts_with("*.") ? text.substr(2) : text);
  return name && !name->is_root() && name->text().find('*') == std::string::npos;
}

// One line; an Error where it is not `key: value`.
Result<Ok> read_line(std::string_view line, Fields& fields, std::vector<std::string>& mx) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return Error{fmt::format("`{}` is not `key: value`", line.substr(0, 60))};
  }
  const std::string_view key = trim(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (key != "mx") {
    // emplace keeps the first of a repeated key (RFC 8461 section 3.2).
    fields.emplace(key, value);
    return Ok{};
  }
  if (!is_pattern(value)) return Error{fmt::format("`mx: {}` is not a host", value.substr(0, 60))};
  mx.push_back(ascii_lower(value));
  return Ok{};
}

// After all lines are read, because keys may come in any order (RFC 8461 section 3.2).
Result<MtaStsPolicy> policy_of(const Fields& fields, std::vector<std::string> mx) {
  const auto field = [&fields](std::string_view key) {
    const auto found = fields.find(key);
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
  };
  if (field("version") != "STSv1") return Error{"`version: STSv1` is missing"};
  const auto mode = read_mode(field("mode"));
  if (!mode) return Error{"`mode:` is not one of enforce, testing and none"};
  const auto age = read_age(field("max_age"));
  if (!age) return Error{"`max_age:` is not a number of seconds"};
  if (*age > kMostAge) return Error{fmt::format("`max_age: {}` is more than a year", *age)};
  // A policy that forbids every host would stop all mail.
  if (mx.empty() && *mode != MtaStsMode::None) return Error{"there is no `mx:`"};
  return MtaStsPolicy{.mode = *mode, .max_age = *age, .mx = std::move(mx)};
}

}  // namespace

std::string_view to_text(MtaStsMode mode) {
  constexpr std::array<std::string_view, 3> kNames = {"none", "testing", "enforce"};
  return kNames[static_cast<std::size_t>(mode)];
}

Result<MtaStsPolicy> parse_mta_sts_policy(std::string_view text) {
  Fields fields;
  std::vector<std::string> mx;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    TRY_OK(read_line(line, fields, mx));
  }
  return policy_of(fields, std::move(mx));
}

bool matches_mx(std::string_view pattern, const Name& host) {
  const std::string lower = ascii_lower(pattern);
  const std::string_view name = host.text();
  if (!lower.starts_with("*.")) return lower == name;
  // Exactly one label in place of the `*` (RFC 8461 section 4.1).
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot > 0 && name.substr(dot) == lower.substr(1);
}

}  // namespace rampart
