/// Single terms of an SPF record, from which spf.cc builds records.
#pragma once

#include <string>
#include <string_view>

#include "mail/spf/ip_set.h"

namespace rampart::spf {

/// "include", "ip4", ...
std::string_view to_text(Mechanism mechanism);

/// Reads one term (no blanks in it) and appends it; an Error names the term and why.
Result<Ok> add_term(std::string_view term, Record& record);

/// The network of an ip4 or ip6 directive with its host bits cleared (192.0.2.1/24 is legal).
Network network_of(const Directive& directive);

}  // namespace rampart::spf
