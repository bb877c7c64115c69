/// Numbers with their nouns.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace rampart {

/// "1 address", "2 addresses"; `many` may be omitted where it is `one` with an s.
template <std::integral Count>
std::string counted(Count count, std::string_view one, std::string_view many = {}) {
  const std::string plural = many.empty() ? std::string(one) + "s" : std::string(many);
  return std::to_string(count) + " " + (count == 1 ? std::string(one) : plural);
}

}  // namespace rampart
