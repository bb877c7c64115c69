/// Hashing of addresses.
#include "reports/analysis/address_table.h"

#include <cstring>
#include <utility>

namespace rampart::reports {
namespace {

/// A power of two, and doubled from there: the mask in place_of relies on it.
constexpr std::size_t kFirstPlaces = 16;

/// Set in Place::taken for an IPv6 address.
constexpr std::uint32_t kV6 = 0x80000000;

/// The octets as they are in memory: only equality matters, and the order of octets does not.
std::uint32_t v4_key(const spf::Ip& ip) {
  std::uint32_t number = 0;
  std::memcpy(&number, ip.octets.data(), sizeof number);
  return number;
}

/// What a place has of an address: all of an IPv4 one, or 32 bits of the hash of an IPv6 one.
std::uint32_t tag_of(const spf::Ip& ip, std::size_t hash) {
  return ip.v6 ? static_cast<std::uint32_t>(hash >> 24) : v4_key(ip);
}

}  // namespace

bool AddressTable::is_at(const Place& place, std::uint32_t tag, const spf::Ip& ip) const {
  if (place.tag != tag || ((place.taken & kV6) != 0) != ip.v6) return false;
  // Of an IPv4 address, the tag is the whole.
  return !ip.v6 || v6_[entries_[(place.taken & ~kV6) - 1].key] == ip.octets;
}

std::size_t AddressTable::place_of(const std::vector<Place>& places, std::size_t hash,
                                   const spf::Ip& ip) const {
  const std::uint32_t tag = tag_of(ip, hash);
  std::size_t at = hash & (places.size() - 1);
  // Linear probing: neighbours are in one cache line, and nothing is ever removed.
  while (places[at].taken != 0 && !is_at(places[at], tag, ip)) at = (at + 1) & (places.size() - 1);
  return at;
}

std::uint32_t AddressTable::find(const spf::Ip& ip) const {
  const std::size_t hash = IpHash()(ip);
  const Shard& shard = shards_[shard_of(hash)];
  if (shard.places.empty()) return kNone;
  const std::uint32_t taken = shard.places[place_of(shard.places, hash, ip)].taken & ~kV6;
  return taken == 0 ? kNone : taken - 1;
}

std::uint32_t AddressTable::find_or_add(const spf::Ip& ip) {
  const std::size_t hash = IpHash()(ip);
  Shard& shard = shards_[shard_of(hash)];
  // At most half of the places are taken, so that searches stay short.
  if ((shard.taken + 1) * 2 > shard.places.size()) grow(shard);
  // After `grow`, which moves all places.
  Place& place = shard.places[place_of(shard.places, hash, ip)];
  if (place.taken != 0) return (place.taken & ~kV6) - 1;
  ++shard.taken;
  Entry entry{.v6 = ip.v6};
  if (ip.v6) {
    entry.key = static_cast<std::uint32_t>(v6_.size());
    v6_.push_back(ip.octets);
  } else {
    entry.key = v4_key(ip);
  }
  entries_.push_back(entry);
  const auto taken = static_cast<std::uint32_t>(entries_.size());
  place = {tag_of(ip, hash), taken | (ip.v6 ? kV6 : 0)};
  return taken - 1;
}

void AddressTable::grow(Shard& shard) const {
  const std::size_t size = shard.places.empty() ? kFirstPlaces : shard.places.size() * 2;
  const std::vector<Place> old = std::exchange(shard.places, std::vector<Place>(size));
  // Places that are taken are distinct addresses, so that nothing needs to be compared.
  for (const Place& one : old) {
    if (one.taken == 0) continue;
    std::size_t at = IpHash()(ip((one.taken & ~kV6) - 1)) & (size - 1);
    while (shard.places[at].taken != 0) at = (at + 1) & (size - 1);
    shard.places[at] = one;
  }
}

spf::Ip AddressTable::ip(std::uint32_t slot) const {
  const Entry& entry = entries_[slot];
  spf::Ip ip{.v6 = entry.v6};
  if (entry.v6) {
    ip.octets = v6_[entry.key];
  } else {
    std::memcpy(ip.octets.data(), &entry.key, sizeof entry.key);
  }
  return ip;
}

}  // namespace rampart::reports
