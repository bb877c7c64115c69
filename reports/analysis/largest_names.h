/// Helpers of the fold: the largest of many names, and ranks by which rows are sorted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rampart::reports {

/// The most sources without a service's name that one domain's evidence names, those with the most
/// messages first. The rest is one source: an outsider chooses how many addresses he uses, and each
/// name is a row for every day and reporter.
constexpr std::size_t kMostNamed = 100;

/// Of all names that are offered, those with the most messages; of equal ones the first by order.
class LargestNames {
 public:
  /// `name` is only made where it may be kept: there may be millions of addresses.
  template <class MakeName>
  void offer(std::int64_t messages, const MakeName& name) {
    ++offered_;
    if (kept_.size() == kMostNamed) {
      const auto last = std::prev(kept_.end());
      if (-messages > last->first) return;
      std::pair one(-messages, name());
      if (one > *last) return;
      kept_.erase(last);
      kept_.insert(std::move(one));
    } else {
      kept_.emplace(-messages, name());
    }
  }
  std::size_t offered() const { return offered_; }
  const std::set<std::pair<std::int64_t, std::string>>& kept() const { return kept_; }

 private:
  std::set<std::pair<std::int64_t, std::string>> kept_;
  std::size_t offered_ = 0;
};

/// The rank of each of `count` items in the order of `before`; equal items have the same one.
template <class Before>
std::vector<std::uint32_t> ranks_of(std::size_t count, const Before& before) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::ranges::sort(order, before);
  std::vector<std::uint32_t> rank(count);
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && before(order[i - 1], order[i])) ++next;
    rank[order[i]] = next;
  }
  return rank;
}

}  // namespace rampart::reports
