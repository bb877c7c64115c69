/// Looking things up in small ranges and tables.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <vector>

namespace rampart {

/// Whether `range` has `value`, or an element whose `projection` equals it.
template <class Range, class Value, class Projection = std::identity>
bool contains(const Range& range, const Value& value, Projection projection = {}) {
  return std::ranges::find(range, value, projection) != std::ranges::end(range);
}

/// The word of an enumerator, in a table that has one for each, in their order.
template <class Enum, std::size_t kSize>
constexpr std::string_view word_of(const std::array<std::string_view, kSize>& words, Enum value) {
  return words.at(static_cast<std::size_t>(value));
}

/// Sorts `values` and keeps each once.
template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
}

}  // namespace rampart
