/// Macro-strings of RFC 7208 section 7: read into parts, checked, and expanded.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::spf {

/// One part of a macro-string: literal text, or one `%{...}`.
struct MacroPart {
  enum class Kind {
    Literal,  ///< Literal text.
    Escape,   ///< `%%`, `%_` or `%-`; `text` is its expansion.
    Letter,   ///< `%{...}`
  };
  Kind kind = Kind::Literal;
  std::string text{};
  char letter = 0;          ///< Lower case: s l o d i p h c r t v.
  bool url_escape = false;  ///< The letter was written in upper case (section 7.3).
  int keep = 0;             ///< How many right-hand pieces to keep; 0 = all.
  bool reverse = false;
  std::string delimiters{};  ///< Empty: ".".
};

using MacroString = std::vector<MacroPart>;

/// Where a macro-string occurs: `c`, `r`, `t` and blanks are for explanations only (section 7.2).
enum class MacroPlace { DomainSpec, Modifier, Explanation };

/// Reads a macro-string; an Error for a stray `%`, an unknown letter, `%{d0}`, or an octet that is
/// not allowed there.
Result<MacroString> parse_macros(std::string_view text, MacroPlace place);

/// Reads a `domain-spec` (RFC 7208 section 12): a macro-string that ends in a macro or in
/// `.toplabel`, so that "localhost" and "192.0.2.1" are Errors.
Result<MacroString> parse_domain_spec(std::string_view text);

/// Whether any part is a macro letter, so that the text depends on the message.
bool has_macros(const MacroString& parts);

/// Whether the letter (lower case) is used.
bool uses_letter(const MacroString& parts, char letter);

/// The text with every macro replaced; `value` returns a letter's raw value.
std::string expand(const MacroString& parts, const std::function<std::string(char)>& value);

/// The name without as many labels on the left as exceed 253 octets (section 7.3).
std::string shorten_name(std::string name);

/// Lower case everywhere but in macro letters, where case has a meaning; no final dot.
std::string normalize_spec(std::string_view spec);

}  // namespace rampart::spf
