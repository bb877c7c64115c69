/// Dates as HTTP writes them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace rampart {

/// Reads "Sat, 21 Nov 2026 23:00:08 GMT" (RFC 9110 section 5.6.7); its two obsolete forms are
/// nothing.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace rampart
