/// Hashing of addresses.
#include "reports/analysis/address_table.h"

#include <algorithm>
#include <cstring>

namespace rampart::reports {
namespace {

/// A power of two, and doubled from there: the mask in place_of relies on it.
constexpr std::size_t kFirstPlaces = 1024;

/// The octets as they are in memory: only equality matters, and the order of octets does not.
std::uint32_t v4_key(const spf::Ip& ip) {
  std::uint32_t number = 0;
  std::memcpy(&number, ip.octets.data(), sizeof number);
  return number;
}

}  // namespace

/// The finalizer of SplitMix64: tables use the low bits alone.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) + 0x9e3779b97f4a7c15ULL;
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ hash >> 27) * 0x94d049bb133111ebULL;
  return hash ^ hash >> 31;
}

std::size_t IpHash::operator()(const spf::Ip& ip) const {
  std::uint64_t hash = ip.v6 ? 1 : 0;
  // The unused octets of an IPv4 address are zero, so eight octets are one read.
  for (std::size_t half = 0; half < (ip.v6 ? 16U : 8U); half += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, ip.octets.data() + half, sizeof word);
    hash = mixed(hash, word);
  }
  return static_cast<std::size_t>(hash);
}

bool AddressTable::is_at(const Entry& entry, const spf::Ip& ip) const {
  if (entry.v6 != ip.v6) return false;
  // IPv6 addresses are in a table of their own, so that the entries of the many IPv4 addresses stay
  // small.
  return ip.v6 ? v6_[entry.key] == ip.octets : entry.key == v4_key(ip);
}

std::size_t AddressTable::place_of(const spf::Ip& ip) const {
  std::size_t at = IpHash()(ip) & (slots_.size() - 1);
  // Linear probing: neighbours are in one cache line, and nothing is ever removed.
  while (slots_[at] != 0 && !is_at(entries_[slots_[at] - 1], ip)) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

std::uint32_t AddressTable::find(const spf::Ip& ip) const {
  if (slots_.empty()) return kNone;
  const std::uint32_t found = slots_[place_of(ip)];
  return found == 0 ? kNone : found - 1;
}

std::uint32_t AddressTable::find_or_add(const spf::Ip& ip) {
  // At most half of the places are taken, so that searches stay short.
  if ((entries_.size() + 1) * 2 > slots_.size()) grow();
  // After `grow`, which moves all places.
  std::uint32_t& place = slots_[place_of(ip)];
  if (place != 0) return place - 1;
  Entry entry{.v6 = ip.v6};
  if (ip.v6) {
    entry.key = static_cast<std::uint32_t>(v6_.size());
    v6_.push_back(ip.octets);
  } else {
    entry.key = v4_key(ip);
  }
  entries_.push_back(entry);
  place = static_cast<std::uint32_t>(entries_.size());
  return place - 1;
}

void AddressTable::find_all(std::span<const spf::Ip> ips, std::vector<std::uint32_t>& slots) const {
  slots.assign(ips.size(), 0);
  if (slots_.empty()) {
    std::ranges::fill(slots, kNone);
    return;
  }
  // Each loop reads memory at many places that do not depend on each other.
  for (std::size_t i = 0; i < ips.size(); ++i) {
    slots[i] = slots_[IpHash()(ips[i]) & (slots_.size() - 1)];
  }
  for (std::size_t i = 0; i < ips.size(); ++i) {
    const bool found = slots[i] != 0 && is_at(entries_[slots[i] - 1], ips[i]);
    slots[i] = found ? slots[i] - 1 : kNone;
  }
  for (std::size_t i = 0; i < ips.size(); ++i) {
    if (slots[i] == kNone) slots[i] = find(ips[i]);
  }
}

void AddressTable::grow() {
  slots_.assign(slots_.empty() ? kFirstPlaces : slots_.size() * 2, 0);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) slots_[place_of(ip(i))] = i + 1;
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
