/// Requests and responses in full, for a log.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/http/http.h"

namespace rampart {

/// Whether a header of this name is a credential as a whole.
bool is_credential(std::string_view header);

/// One exchange, a line each for the request, every header and each body. Every text is redacted
/// whole, and only then made printable and shortened: half of a secret would not be recognised.
std::vector<std::string> trace_lines(const HttpRequest& request, const Exchange& outcome,
                                     const std::function<std::string(std::string_view)>& redact);

}  // namespace rampart
