/// Text from outside, in the one form in which people see it.
#pragma once

#include <string>
#include <string_view>

namespace rampart {

/// `octets` made safe to show on a terminal and in a CI log: control octets, invalid UTF-8,
/// characters that reorder or hide text, and the start of a runner's `##[command]`, or of a
/// `::command::` at the beginning, as `\DDD`. Applied twice it changes nothing more. (Also declared
/// in dns/txt.h, for the code that shows record texts.)
std::string printable(std::string_view octets);

/// The index of the "::" with which `text`, the beginning of a line, is a command to a CI runner;
/// npos where it is none.
std::size_t command_at_start(std::string_view text);

/// `text` without the user names and passwords of the URLs in it: "https://[redacted]@host/path".
/// All up to the last "@" of a word counts, because a password may contain a slash.
std::string without_userinfo(std::string_view text);

}  // namespace rampart
