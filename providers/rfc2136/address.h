/// Where a name server is, as the YAML writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/resolver/resolver.h"

namespace rampart {

/// A name server by address or host name.
struct ServerAddress {
  std::string host;  ///< An IP address without brackets, or a host name.
  std::uint16_t port = 53;

  bool operator==(const ServerAddress&) const = default;
};

/// Reads "192.0.2.53", "ns1.example.com:5300" or "[2001:db8::53]:53"; the Error says what is wrong.
Result<ServerAddress> parse_server_address(std::string_view text);

/// "192.0.2.53:53", "[2001:db8::53]:53", "ns1.example.com:53".
std::string to_text(const ServerAddress& address);

/// The servers at this address, in the order in which to try them. A host name is looked up as the
/// system does (/etc/hosts, then DNS), which may take seconds.
Result<std::vector<Server>> servers_at(const ServerAddress& address);

}  // namespace rampart
