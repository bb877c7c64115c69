/// Addresses as text: dotted IPv4 and the forms of IPv6 that RFC 4291 section 2.2 allows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rampart::spf {

using Octets4 = std::array<std::uint8_t, 4>;
using Octets6 = std::array<std::uint8_t, 16>;

/// Four decimal octets without leading zeros (`ip4-network`, RFC 7208 section 12).
std::optional<Octets4> read_ip4(std::string_view text);

/// Any IPv6 form, "::" and a dotted tail included; no zone index. Mapped addresses remain IPv6.
std::optional<Octets6> read_ip6(std::string_view text);

/// "192.0.2.1".
std::string print_ip4(const Octets4& octets);

/// The canonical text of RFC 5952: lower case, the longest run of zeros shortened.
std::string print_ip6(const Octets6& octets);

}  // namespace rampart::spf
