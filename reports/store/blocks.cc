/// Rows as octets.
#include "reports/store/blocks.h"

#include <algorithm>

namespace rampart::reports {
namespace {

void append_number(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(0x80 | (number & 0x7F));
  out += static_cast<char>(number);
}

}  // namespace

void append_row(const BlockRow& row, std::string& block) {
  // The lowest bit is the address family, which determines the length of the address.
  append_number(static_cast<std::uint64_t>(row.facts) << 1 | (row.ip.v6 ? 1U : 0U), block);
  block += octets_of(row.ip);
  // The count is last: its own high bits end it, so a row needs no length.
  append_number(static_cast<std::uint64_t>(row.count), block);
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
