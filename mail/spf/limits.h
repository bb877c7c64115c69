/// The limits that receivers apply to SPF records.
#pragma once

#include <cstddef>

namespace rampart::spf {

/// Terms that cost a DNS lookup, before permerror (RFC 7208 section 4.6.4).
inline constexpr int kMaxLookups = 10;

/// Lookups without a usable answer, before permerror (RFC 7208 section 4.6.4).
inline constexpr int kMaxVoidLookups = 2;

/// Octets of one record, so that its answer fits a UDP message of 512 (RFC 7208 section 3.4).
inline constexpr std::size_t kMaxRecordOctets = 450;

}  // namespace rampart::spf
