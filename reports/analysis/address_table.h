/// The addresses of one domain's mail with their messages, in few octets each: an outsider may use
/// millions of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "mail/spf/check_host.h"

namespace rampart::reports {

/// The most addresses with nothing but plain mail that evidence lists for one domain: an outsider
/// may use more. Those after them are listed only where their network or an earlier lookup could
/// name them.
constexpr std::size_t kMostListedAddresses = std::size_t{1} << 21;

/// A hash of addresses, for tables of them.
struct IpHash {
  std::size_t operator()(const spf::Ip& ip) const;
};

/// Mixes a word into a hash so that all bits of both reach the low bits.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t word);

/// Gives each address a slot, counted from 0, in constant time: about 28 octets for an IPv4
/// address and 44 for an IPv6 one.
class AddressTable {
 public:
  /// No slot.
  static constexpr std::uint32_t kNone = 0x7fffffff;

  /// The slot of an address, or kNone.
  std::uint32_t find(const spf::Ip& ip) const;
  /// The slot of an address, which is added where it is missing.
  std::uint32_t find_or_add(const spf::Ip& ip);

  /// The slots of several addresses, kNone for one that is missing. A large table is out of every
  /// cache, and waiting for many addresses at once takes hardly longer than for one.
  void find_all(std::span<const spf::Ip> ips, std::vector<std::uint32_t>& slots) const;

  /// How many addresses there are.
  std::size_t size() const { return entries_.size(); }
  /// The address of a slot.
  spf::Ip ip(std::uint32_t slot) const;
  /// Its messages, at first 0.
  std::int64_t& messages(std::uint32_t slot) { return entries_[slot].messages; }
  std::int64_t messages(std::uint32_t slot) const { return entries_[slot].messages; }
  /// Bits that the caller may set; at first 0.
  std::uint8_t& marks(std::uint32_t slot) { return entries_[slot].marks; }
  std::uint8_t marks(std::uint32_t slot) const { return entries_[slot].marks; }

 private:
  struct Entry {
    std::uint32_t key = 0;  ///< An IPv4 address, or an index into v6_.
    bool v6 = false;
    std::uint8_t marks = 0;
    std::int64_t messages = 0;
  };
  bool is_at(const Entry& entry, const spf::Ip& ip) const;
  /// The place of the address in slots_, or the empty one where it belongs.
  std::size_t place_of(const spf::Ip& ip) const;
  void grow();

  std::vector<Entry> entries_;
  std::vector<std::array<std::uint8_t, 16>> v6_;
  std::vector<std::uint32_t> slots_;  ///< Open addressing; slot + 1, 0 where empty.
};

}  // namespace rampart::reports
