/// Rows of a report as they lie in the store: many to a block of octets, some ten octets each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "mail/spf/check_host.h"

namespace rampart::reports {

/// A row's facts by their place in the store, its address, its count.
struct BlockRow {
  std::int64_t facts = 0;
  spf::Ip ip;
  std::int64_t count = 0;

  bool operator==(const BlockRow&) const = default;
};

/// A block is no larger, so that it stays within one page of the store together with its key.
constexpr std::size_t kBlockOctets = 1900;

/// What one row takes at most.
constexpr std::size_t kMostRowOctets = 36;

/// Appends the row.
void append_row(const BlockRow& row, std::string& block);

/// Hands on all rows in order; false where the octets are no block.
bool for_each_in(std::string_view block, const std::function<void(const BlockRow&)>& take);

/// An address as a blob: four octets or sixteen.
std::string_view octets_of(const spf::Ip& ip);
spf::Ip ip_of(std::string_view octets);

}  // namespace rampart::reports
