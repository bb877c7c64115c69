/// The stored form of a report's rows: blocks of many rows, about ten octets per row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mail/spf/check_host.h"

namespace rampart::reports {

/// A row: the store's number of its facts, the source address, the count of messages.
struct BlockRow {
  std::int64_t facts = 0;
  spf::Ip ip;
  std::int64_t count = 0;

  bool operator==(const BlockRow&) const = default;
};

/// The largest block: it fits into one database page together with its key.
constexpr std::size_t kBlockOctets = 1900;

/// The most octets that one row takes.
constexpr std::size_t kMostRowOctets = 36;

/// Appends the row to the block.
void append_row(const BlockRow& row, std::string& block);

/// Takes the first row off a block that has one; false where the octets are not a valid row.
bool take_row(std::string_view& block, BlockRow& row);

/// Calls `visit` for all rows in order; false where the octets are not a valid block. A template,
/// because stores have millions of rows.
template <class Visit>
bool for_each_in(std::string_view block, const Visit& visit) {
  BlockRow row;
  while (!block.empty()) {
    if (!take_row(block, row)) return false;
    visit(row);
  }
  return true;
}

/// An address as a blob: four or sixteen octets, valid as long as `ip`.
std::string_view octets_of(const spf::Ip& ip);
/// The address of such a blob.
spf::Ip ip_of(std::string_view octets);

}  // namespace rampart::reports
