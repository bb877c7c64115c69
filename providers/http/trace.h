/// Requests and answers in full, as a log shows them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/http/http.h"

namespace rampart {

/// Whether a header of this name is a credential as a whole.
bool is_credential(std::string_view header);

/// One exchange, a line each for the request, every header and each body. Every text goes through
/// `redact` whole, and is made printable and cut only then.
std::vector<std::string> trace_lines(const HttpRequest& request, const Exchange& outcome,
                                     const std::function<std::string(std::string_view)>& redact);

}  // namespace rampart
