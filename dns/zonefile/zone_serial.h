/// Serial numbers of zones (RFC 1982).
#pragma once

#include <chrono>
#include <cstdint>

namespace rampart {

/// The serial after `serial`: YYYYMMDDnn of `today` where it has that style, otherwise one more.
/// Always greater in the sense of RFC 1982, also where the day's hundred numbers are used up or the
/// serial is ahead of today; never 0, which some servers treat as "unset".
std::uint32_t next_serial(std::uint32_t serial, std::chrono::sys_days today);

}  // namespace rampart
