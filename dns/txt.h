/// TXT strings: joined in memory, split and quoted only for output (RFC 1035 section 3.3.14).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart {

/// `joined` split into character-strings of at most 255 octets; one empty string for "".
std::vector<std::string> cut_txt(std::string_view joined);

/// Presentation form: each string in quotes, `"` and `\` escaped, other octets as `\DDD`.
/// `"v=DKIM1; p=MIIB..." "...IDAQAB"` (RFC 1035 section 5.1).
std::string quote_txt(std::string_view joined);

/// Reads the forms in which DNS hosts return TXT content: quoted strings with or without blanks
/// between them, or one unquoted string; joins the strings and decodes `\DDD` and `\X`.
/// An Error for an unterminated quote or a bad escape.
Result<std::string> unquote_txt(std::string_view text);

/// `octets` made safe to show on a terminal and in a CI log: control octets, invalid UTF-8,
/// characters that reorder or hide text, and the start of a runner's `##[command]` as `\DDD`.
std::string printable(std::string_view octets);

}  // namespace rampart
