/// Searches in small ranges and tables.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "base/sorting.h"

namespace rampart {

/// Whether `range` has `value`, or an element whose `projection` equals it.
template <class Range, class Value, class Projection = std::identity>
bool contains(const Range& range, const Value& value, Projection projection = {}) {
  return std::ranges::find(range, value, projection) != std::ranges::end(range);
}

/// The value of `key` in a map, or null.
template <class Map, class Key>
const typename Map::mapped_type* find_value(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

/// The value of the longest key that is `domain` or one of its parent domains, or null.
template <class Map>
const typename Map::mapped_type* find_nearest(const Map& map, std::string_view domain) {
  while (!domain.empty()) {
    if (const auto* found = find_value(map, std::string(domain))) return found;
    const std::size_t dot = domain.find('.');
    domain.remove_prefix(dot == domain.npos ? domain.size() : dot + 1);
  }
  return nullptr;
}

/// The word of an enumerator, in a table that has one for each, in their order.
template <class Enum, std::size_t kSize>
constexpr std::string_view word_of(const std::array<std::string_view, kSize>& words, Enum value) {
  return words.at(static_cast<std::size_t>(value));
}

}  // namespace rampart
