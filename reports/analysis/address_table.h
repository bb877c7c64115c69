/// The addresses of one domain's mail with their messages, in few octets each: an outsider may use
/// millions of them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "mail/spf/check_host.h"
#include "reports/analysis/large_vector.h"

namespace rampart::reports {

/// The most addresses with nothing but plain mail that evidence lists for one domain: an outsider
/// may use more. Those after them are listed only where their network or an earlier lookup could
/// name them.
constexpr std::size_t kMostListedAddresses = std::size_t{1} << 21;

/// A hash of addresses, for tables of them.
/// Whether two addresses are equal. Quicker than `==` on their octets, which calls a function.
inline bool same_address(const spf::Ip& a, const spf::Ip& b) {
  std::array<std::uint64_t, 2> left{};
  std::array<std::uint64_t, 2> right{};
  std::memcpy(left.data(), a.octets.data(), sizeof left);
  std::memcpy(right.data(), b.octets.data(), sizeof right);
  return left == right && a.v6 == b.v6;
}

/// Mixes a word into a hash so that all bits of both reach the low bits, which alone tables use:
/// the finalizer of SplitMix64.
inline std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) + 0x9e3779b97f4a7c15ULL;
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ hash >> 27) * 0x94d049bb133111ebULL;
  return hash ^ hash >> 31;
}

/// A hash of addresses, for tables of them. Inline: it is computed for every row of a store.
struct IpHash {
  std::size_t operator()(const spf::Ip& ip) const {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, ip.octets.data(), sizeof low);
    // The unused octets of an IPv4 address are zero.
    if (!ip.v6) return static_cast<std::size_t>(mixed(0, low));
    std::memcpy(&high, ip.octets.data() + sizeof low, sizeof high);
    return static_cast<std::size_t>(mixed(mixed(1, low), high));
  }
};

/// Gives each address a slot, counted from 0, in constant time: about 33 octets for an IPv4
/// address and 49 for an IPv6 one.
class AddressTable {
 public:
  /// No slot.
  static constexpr std::uint32_t kNone = 0x7fffffff;

  /// The slot of an address, or kNone.
  std::uint32_t find(const spf::Ip& ip) const;
  /// The slot of an address, which is added where it is missing.
  std::uint32_t find_or_add(const spf::Ip& ip);

  /// Its parts, by hash. Who looks up the addresses of one part after the other waits less: the
  /// whole table is out of every cache, and a part of it is not.
  static constexpr std::size_t kShards = 128;
  static std::size_t shard_of(std::size_t hash) { return hash >> 57; }

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
  /// A place of the hash table. IPv4 addresses are compared without reading their entries.
  struct Place {
    std::uint32_t tag = 0;    ///< An IPv4 address, or bits of the hash of an IPv6 one.
    std::uint32_t taken = 0;  ///< Slot + 1, 0 where empty; the highest bit is set for IPv6.
  };
  /// Open addressing.
  struct Shard {
    std::vector<Place> places;
    std::size_t taken = 0;
  };
  bool is_at(const Place& place, std::uint32_t tag, const spf::Ip& ip) const;
  /// The place of the address in a shard, or the empty one where it belongs.
  std::size_t place_of(const std::vector<Place>& places, std::size_t hash, const spf::Ip& ip) const;
  void grow(Shard& shard) const;

  LargeVector<Entry> entries_;
  LargeVector<std::array<std::uint8_t, 16>> v6_;
  std::array<Shard, kShards> shards_;
};

}  // namespace rampart::reports
