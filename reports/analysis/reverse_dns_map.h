/// A map from host domains to their operators, such as parsedmarc's (CC BY-SA): read from the
/// user's own file, never part of this program.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::reports {

/// Who runs the hosts of a domain.
struct HostOwner {
  std::string name;  ///< "Example Mail".
  std::string type;  ///< "Email Provider", as the map has it; may be empty.

  bool operator==(const HostOwner&) const = default;
};

/// By host domain, in lower case, without a final dot.
using ReverseDnsMap = std::map<std::string, HostOwner, std::less<>>;

/// Reads CSV (RFC 4180) with a header line that names base_reverse_dns, name and type; other
/// columns are ignored, and of two lines for one domain the later one wins. An Error names file and
/// line.
Result<ReverseDnsMap> parse_reverse_dns_map(std::string_view text, const std::string& file);

/// The owner of the longest domain of the map that contains `host`, or null.
const HostOwner* owner_of(const ReverseDnsMap& map, std::string_view host);

}  // namespace rampart::reports
