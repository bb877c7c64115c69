/// Rows as octets. Numbers are LEB128: groups of seven bits, the lowest first, the high bit set on
/// all but the last. Most facts numbers and counts take one or two octets.
#include "reports/store/blocks.h"

#include <algorithm>

namespace rampart::reports {
namespace {

void append_number(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(0x80 | (number & 0x7F));
  out += static_cast<char>(number);
}

bool read_number(std::string_view& octets, std::uint64_t& number) {
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

}  // namespace

void append_row(const BlockRow& row, std::string& block) {
  // The lowest bit is the address family, which determines the length of the address.
  append_number(static_cast<std::uint64_t>(row.facts) << 1 | (row.ip.v6 ? 1U : 0U), block);
  block += octets_of(row.ip);
  // The count is last: its own high bits end it, so a row needs no length.
  append_number(static_cast<std::uint64_t>(row.count), block);
}

bool take_row(std::string_view& block, BlockRow& row) {
  std::uint64_t facts = 0;
  std::uint64_t count = 0;
  if (!read_number(block, facts)) return false;
  const std::size_t size = (facts & 1) != 0 ? 16 : 4;
  if (block.size() < size) return false;
  row.facts = static_cast<std::int64_t>(facts >> 1);
  row.ip = ip_of(block.substr(0, size));
  block.remove_prefix(size);
  if (!read_number(block, count)) return false;
  row.count = static_cast<std::int64_t>(count);
  return true;
}

/// Without the unused twelve octets of an IPv4 address, which most rows have.
std::string_view octets_of(const spf::Ip& ip) {
  return {reinterpret_cast<const char*>(ip.octets.data()), ip.v6 ? 16U : 4U};
}

spf::Ip ip_of(std::string_view octets) {
  spf::Ip ip;
  ip.v6 = octets.size() == 16;
  // The size comes from the database, which may be damaged.
  std::copy_n(octets.begin(), std::min(octets.size(), ip.octets.size()), ip.octets.begin());
  return ip;
}

}  // namespace rampart::reports
