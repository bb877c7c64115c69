/// Base64 (RFC 4648 section 4).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart {

/// The octets of `text`. Strict: no blanks, correct padding, unused bits zero (RFC 4648
/// section 3.5). The Error names the first character that is not base64.
Result<std::string> decode_base64(std::string_view text);

/// `octets` as padded base64 on one line.
std::string encode_base64(std::string_view octets);

}  // namespace rampart
