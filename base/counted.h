/// Numbers with their nouns.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace rampart {

/// "1 address", "2 addresses".
template <std::integral Count>
std::string counted(Count count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace rampart
