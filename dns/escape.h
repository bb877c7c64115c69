/// The escapes of presentation form, `\DDD` and `\X` (RFC 1035 section 5.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rampart {

/// An octet read from an escape and how many characters the escape took.
struct Escaped {
  char octet;
  std::size_t length;
};

/// Reads the escape that `text` begins with (a backslash); nothing where it is cut short, or its
/// three digits are not three or exceed 255.
std::optional<Escaped> read_escape(std::string_view text);

/// `octet` as `\DDD`.
std::string decimal_escape(char octet);

/// A label's octets in the one spelling that Name keeps: lower case, `\.`, `\\`, else `\DDD`.
std::string spell_label(std::string_view octets);

}  // namespace rampart
