/// Single terms of an SPF record, from which spf.cc builds records.
#pragma once

#include <string>
#include <string_view>

#include "mail/spf/spf.h"

namespace rampart::spf {

/// "include", "ip4", ...
std::string_view to_text(Mechanism mechanism);

/// Reads one term (no blanks in it) and appends it; an Error names the term and why.
Result<Ok> add_term(std::string_view term, Record& record);

/// The directive's network with its host bits cleared (192.0.2.1/24 is legal); other mechanisms
/// have none.
std::string masked_network(const Directive& directive);

}  // namespace rampart::spf
