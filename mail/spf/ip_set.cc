#include "mail/spf/ip_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace rampart::spf {
namespace {

constexpr Address kLast4 = 0xffffffffu;
constexpr Address kLast6 = ~Address{0};

Interval interval_of(const Network& network) {
  const Address hosts = host_bits(network.length, network.ip.family());
  const Address first = number_of(network.ip) & ~hosts;
  return {first, first | hosts};
}

// Sorts and merges intervals that overlap or touch. The largest address is handled first: adding
// one to it would wrap around.
void normalize(Intervals& intervals) {
  std::ranges::sort(intervals, {}, &Interval::first);
  Intervals merged;
  for (const Interval& next : intervals) {
    // Adjacent intervals merge as well, so that equal sets have one representation and == compares
    // them.
    const bool touches =
        !merged.empty() && (merged.back().last == kLast6 || next.first <= merged.back().last + 1);
    if (touches) {
      merged.back().last = std::max(merged.back().last, next.last);
    } else {
      merged.push_back(next);
    }
  }
  intervals = std::move(merged);
}

// Sorting both together is simpler than merging and fast enough: sets are united once a run of
// terms.
Intervals unite(const Intervals& a, const Intervals& b) {
  Intervals both = a;
  both.insert(both.end(), b.begin(), b.end());
  normalize(both);
  return both;
}

// Both are sorted, so one pass over each is enough.
Intervals intersect(const Intervals& a, const Intervals& b) {
  Intervals common;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Address first = std::max(a[i].first, b[j].first);
    const Address last = std::min(a[i].last, b[j].last);
    if (first <= last) common.push_back({first, last});
    if (a[i].last < b[j].last) {
      ++i;
    } else {
      ++j;
    }
  }
  return common;
}

// All addresses of the family that are not in `a`.
Intervals complement(const Intervals& a, Address last) {
  Intervals rest;
  Address next = 0;
  for (const Interval& interval : a) {
    if (interval.first > next) rest.push_back({next, interval.first - 1});
    // Before adding one, which would wrap around at the last address of IPv6.
    if (interval.last == last) return rest;
    next = interval.last + 1;
  }
  rest.push_back({next, last});
  return rest;
}

// Binary search: flattened records have thousands of networks.
bool holds(const Intervals& intervals, Address number) {
  const auto after = std::ranges::upper_bound(intervals, number, {}, &Interval::first);
  return after != intervals.begin() && std::prev(after)->last >= number;
}

// Splits an interval into the largest aligned networks, from its start on.
void cover(Interval interval, Family family, std::vector<Network>& networks) {
  while (true) {
    int length = bits_of(family);
    // As large as the alignment of the first address and the distance to the last one allow: the
    // greedy choice gives the fewest networks.
    while (length > 0) {
      const Address hosts = host_bits(length - 1, family);
      if ((interval.first & hosts) != 0 || interval.last - interval.first < hosts) break;
      --length;
    }
    networks.push_back({ip_of(interval.first, family), length});
    const Address end = interval.first | host_bits(length, family);
    if (end >= interval.last) return;
    interval.first = end + 1;
  }
}

}  // namespace

Address number_of(const Ip& ip) {
  Address number = 0;
  for (std::size_t i = 0; i < (ip.v6 ? 16u : 4u); ++i) number = number << 8 | ip.octets[i];
  return number;
}

Ip ip_of(Address number, Family family) {
  Ip ip{.v6 = family == Family::V6};
  for (int i = bits_of(family) / 8 - 1; i >= 0; --i) {
    ip.octets[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number & 255);
    number >>= 8;
  }
  return ip;
}

// Length 0 is a case of its own: a shift by all bits of the type is undefined.
Address host_bits(int length, Family family) {
  const int bits = bits_of(family);
  if (length >= bits) return 0;
  if (length == 0) return family == Family::V6 ? kLast6 : kLast4;
  return (Address{1} << (bits - length)) - 1;
}

std::string to_text(const Network& network) {
  return fmt::format("{}/{}", network.ip.text(), network.length);
}

IpSet IpSet::everything() {
  IpSet set;
  set.v4_ = {{0, kLast4}};
  set.v6_ = {{0, kLast6}};
  return set;
}

IpSet IpSet::of(const std::vector<Network>& networks) {
  IpSet set;
  for (const Network& network : networks) {
    (network.ip.v6 ? set.v6_ : set.v4_).push_back(interval_of(network));
  }
  normalize(set.v4_);
  normalize(set.v6_);
  return set;
}

bool IpSet::contains(const Ip& ip) const { return holds(ip.v6 ? v6_ : v4_, number_of(ip)); }

IpSet IpSet::united(const IpSet& other) const {
  IpSet set;
  set.v4_ = unite(v4_, other.v4_);
  set.v6_ = unite(v6_, other.v6_);
  return set;
}

IpSet IpSet::common(const IpSet& other) const {
  IpSet set;
  set.v4_ = intersect(v4_, other.v4_);
  set.v6_ = intersect(v6_, other.v6_);
  return set;
}

IpSet IpSet::without(const IpSet& other) const {
  IpSet set;
  set.v4_ = intersect(v4_, complement(other.v4_, kLast4));
  set.v6_ = intersect(v6_, complement(other.v6_, kLast6));
  return set;
}

std::uint64_t IpSet::count4() const {
  std::uint64_t count = 0;
  for (const Interval& interval : v4_) {
    // One more than the difference: 2^32 for all of IPv4, which 64 bits hold.
    count += static_cast<std::uint64_t>(interval.last - interval.first) + 1;
  }
  return count;
}

std::vector<Network> IpSet::networks() const {
  std::vector<Network> networks;
  for (const Interval& interval : v4_) cover(interval, Family::V4, networks);
  for (const Interval& interval : v6_) cover(interval, Family::V6, networks);
  return networks;
}

}  // namespace rampart::spf
