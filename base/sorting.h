/// Sorting of small lists.
#pragma once

#include <algorithm>
#include <vector>

namespace rampart {

/// `values` in order.
template <class T>
std::vector<T> sorted(std::vector<T> values) {
  std::ranges::sort(values);
  return values;
}

/// Sorts `values` and removes all but one of equal ones.
template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
}

}  // namespace rampart
