/// The text forms of HTTP: what goes into a URL and what comes in a header.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rampart {

/// `text` with every `%XX` decoded; a `%` that begins no escape stays.
std::string percent_decoded(std::string_view text);

/// Reads "Sat, 21 Nov 2026 23:00:08 GMT" (RFC 9110 section 5.6.7). Its two obsolete forms, and
/// whatever else libcurl would accept, are nothing.
std::optional<std::chrono::sys_seconds> parse_http_date(const std::string& text);

}  // namespace rampart
