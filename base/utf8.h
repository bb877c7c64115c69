/// Reading UTF-8 strictly (RFC 3629 section 3).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace rampart {

/// Some editors begin a file with it (Unicode 15.0 section 23.8).
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// One code point and how many octets it took.
struct CodePoint {
  char32_t value;
  std::size_t octets;
};

/// The code point at the beginning of `text`; nullopt where there is no valid UTF-8 (overlong
/// forms, surrogates and values above U+10FFFF are invalid) or `text` is empty.
std::optional<CodePoint> first_code_point(std::string_view text);

/// Whether a code point moves the cursor of a terminal, or hides or reorders the text around it.
bool is_unsafe_to_show(char32_t c);

}  // namespace rampart
