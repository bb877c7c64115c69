/// SHA-256 (FIPS 180-4).
#pragma once

#include <string>
#include <string_view>

namespace rampart {

/// The SHA-256 of `octets` as 64 lower-case hex digits.
std::string sha256_hex(std::string_view octets);

}  // namespace rampart
