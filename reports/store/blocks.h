/// The stored form of a report's rows: blocks of many rows, about ten octets per row. Numbers are
/// LEB128: groups of seven bits, the lowest first, the high bit set on all but the last. Most facts
/// numbers and counts take one or two octets. Reading is inline, because stores have millions of
/// rows.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "mail/spf/check_host.h"
#include "reports/parse/parse_values.h"

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

/// Takes the first number off `octets`; false where they have no whole one.
inline bool take_number(std::string_view& octets, std::uint64_t& number) {
  number = 0;
  // The limit keeps a damaged block from a shift of more bits than a number has, which is
  // undefined.
  for (int shift = 0; shift < 64 && !octets.empty(); shift += 7) {
    const auto octet = static_cast<unsigned char>(octets.front());
    octets.remove_prefix(1);
    number |= static_cast<std::uint64_t>(octet & 0x7F) << shift;
    if (octet < 0x80) return true;
  }
  return false;
}

/// Takes the first row off the block that has one; false where the octets are not a valid row.
inline bool take_row(std::string_view& block, BlockRow& row) {
  std::uint64_t facts = 0;
  std::uint64_t count = 0;
  if (!take_number(block, facts)) return false;
  row.ip = {.v6 = (facts & 1) != 0};
  if (block.size() < (row.ip.v6 ? 16U : 4U)) return false;
  row.facts = static_cast<std::int64_t>(facts >> 1);
  // Of constant size each, so that neither is a function call.
  if (row.ip.v6) {
    std::memcpy(row.ip.octets.data(), block.data(), 16);
  } else {
    std::memcpy(row.ip.octets.data(), block.data(), 4);
  }
  block.remove_prefix(row.ip.v6 ? 16 : 4);
  // Ingesting admits no higher count, so that sums over a store fit into 63 bits.
  if (!take_number(block, count) || count > kMostMessages) return false;
  row.count = static_cast<std::int64_t>(count);
  return true;
}

/// Calls `visit` for all rows in order; false where the octets are not a valid block.
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
