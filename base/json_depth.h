/// How deep a JSON text is nested, before a parser reads it.
#pragma once

#include <string_view>

namespace rampart {

/// No document or answer that this program reads is nested deeper.
inline constexpr int kMostJsonDepth = 32;

/// Whether arrays and objects are nested deeper than kMostJsonDepth: each level costs a parser
/// about a hundred octets of memory for the one octet that it takes in the text. Brackets within
/// strings do not count (RFC 8259 section 7). Linear in the text; stops at the first level too
/// many.
bool nests_too_deep(std::string_view json);

}  // namespace rampart
