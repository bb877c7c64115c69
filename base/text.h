/// ASCII text: character classes, case, trimming and splitting. Locales never apply: mail and DNS
/// define these sets by octet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rampart {

/// DIGIT and ALPHA of RFC 5234 appendix B, and either of them.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
/// WSP of RFC 5234 appendix B: space and tab.
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// WSP and line ends.
constexpr bool is_space(char c) { return is_blank(c) || c == '\r' || c == '\n'; }

/// The lower-case form of a letter; any other octet as it is.
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// `text` with its ASCII letters in lower case.
std::string ascii_lower(std::string_view text);

/// `text` without any `is_space` character.
std::string without_spaces(std::string_view text);

/// Whether both are the same but for the case of ASCII letters.
bool same_ignoring_case(std::string_view a, std::string_view b);

/// `text` without the `is_space` characters at both ends.
std::string_view trim(std::string_view text);

/// The pieces of `text` between `separator`s, trimmed, empty ones kept.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace rampart
