/// Decimal numbers in third parties' text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace rampart {

/// The number that the whole of `text` spells in digits; nullopt for a sign, any other character,
/// an empty text and a number that T cannot hold. Leading zeros are allowed.
template <class T>
std::optional<T> parse_decimal(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || !is_digit(text.front()) || error != std::errc{} || stop != end) return {};
  return value;
}

}  // namespace rampart
