/// A map from host domains to the people behind them, such as parsedmarc's (CC BY-SA): read from a
/// file of the user's, and never part of this program.
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

/// Reads CSV (RFC 4180) with a head that names base_reverse_dns, name and type; other columns are
/// passed over, and of two lines for one domain the later counts. An Error names file and line.
Result<ReverseDnsMap> parse_reverse_dns_map(std::string_view text, const std::string& file);

/// The owner of the longest domain that `host` lies in, or null.
const HostOwner* owner_of(const ReverseDnsMap& map, std::string_view host);

}  // namespace rampart::reports
