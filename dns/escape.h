/// The escapes of presentation form, `\DDD` and `\X` (RFC 1035 section 5.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rampart {

/// An octet read from an escape, and the length of the escape in characters.
struct Escaped {
  char octet;
  std::size_t length;
};

/// Reads the escape at the beginning of `text`, which starts with a backslash; nullopt where it is
/// cut short, has fewer than three digits, or exceeds 255.
std::optional<Escaped> read_escape(std::string_view text);

/// Appends the octet or escape at `text[at]` to `out` and returns the index after it; nullopt for a
/// bad escape.
std::optional<std::size_t> read_octet(std::string_view text, std::size_t at, std::string& out);

/// `octet` as `\DDD`.
std::string decimal_escape(char octet);

/// A label's octets in the spelling that Name keeps: lower case, `\.`, `\\`, otherwise `\DDD`.
std::string spell_label(std::string_view octets);

}  // namespace rampart
