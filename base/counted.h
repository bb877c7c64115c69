/// Numbers with their nouns.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace rampart {

/// "1 address", "2 addresses"; `many` may be omitted where it is `one` with an s.
template <std::integral Count>
std::string counted(Count count, std::string_view one, std::string_view many = {}) {
  const std::string plural = many.empty() ? std::string(one) + "s" : std::string(many);
  return std::to_string(count) + " " + (count == 1 ? std::string(one) : plural);
}

/// "18,204".
inline std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace rampart
