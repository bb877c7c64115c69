/// Percent-encoding for URLs.
#pragma once

#include <string>
#include <string_view>

namespace rampart {

/// `text` with every octet but the unreserved ones (RFC 3986 section 2.3) as `%XX`, upper case.
std::string percent_encoded(std::string_view text);

}  // namespace rampart
