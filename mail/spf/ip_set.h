/// Sets of addresses as sorted intervals: union, difference, and the exact cover by networks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mail/spf/check_host.h"

namespace rampart::spf {

__extension__ typedef unsigned __int128 Address;  ///< IPv4 uses the low 32 bits.

/// The address as a number, and back.
Address number_of(const Ip& ip);
Ip ip_of(Address number, Family family);

/// The bits of an address: 32 or 128.
constexpr int bits_of(Family family) { return family == Family::V6 ? 128 : 32; }

/// The bits behind the first `length` of an address, all ones.
Address host_bits(int length, Family family);

/// First and last address, both included.
struct Interval {
  Address first = 0;
  Address last = 0;

  bool operator==(const Interval&) const = default;
};

/// Sorted, disjoint and never adjacent.
using Intervals = std::vector<Interval>;

/// A network: the address with its host bits cleared, and the prefix length.
struct Network {
  Ip ip;
  int length = 0;

  bool operator==(const Network&) const = default;
  auto operator<=>(const Network&) const = default;
};

/// "192.0.2.0/24".
std::string to_text(const Network& network);

/// A set of IPv4 and IPv6 addresses.
class IpSet {
 public:
  static IpSet everything();

  /// The union of networks; host bits are ignored.
  static IpSet of(const std::vector<Network>& networks);

  bool operator==(const IpSet&) const = default;
  bool empty() const { return v4_.empty() && v6_.empty(); }
  bool contains(const Ip& ip) const;

  IpSet united(const IpSet& other) const;
  IpSet common(const IpSet& other) const;
  IpSet without(const IpSet& other) const;

  /// How many IPv4 addresses; at most 2^32.
  std::uint64_t count4() const;

  /// The fewest networks that cover exactly this set, IPv4 first, each family in order.
  std::vector<Network> networks() const;

  const Intervals& v4() const { return v4_; }
  const Intervals& v6() const { return v6_; }

 private:
  Intervals v4_;
  Intervals v6_;
};

}  // namespace rampart::spf
