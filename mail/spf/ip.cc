// Addresses of clients.
#include "mail/spf/check_host.h"
#include "mail/spf/ip_text.h"

#include <algorithm>

namespace rampart::spf {

std::optional<Ip> Ip::parse(std::string_view text) {
  Ip ip;
  if (const auto octets = read_ip4(text)) {
    std::ranges::copy(*octets, ip.octets.begin());
    return ip;
  }
  const auto octets = read_ip6(text);
  if (!octets) return std::nullopt;
  // RFC 7208 section 5: receivers on dual-stack sockets see IPv4 clients in this form.
  const bool mapped = std::all_of(octets->begin(), octets->begin() + 10,
                                  [](std::uint8_t octet) { return octet == 0; }) &&
                      (*octets)[10] == 0xff && (*octets)[11] == 0xff;
  if (mapped) {
    std::copy(octets->begin() + 12, octets->end(), ip.octets.begin());
    return ip;
  }
  ip.v6 = true;
  ip.octets = *octets;
  return ip;
}

std::string Ip::text() const {
  return v6 ? print_ip6(octets) : print_ip4({octets[0], octets[1], octets[2], octets[3]});
}

}  // namespace rampart::spf
