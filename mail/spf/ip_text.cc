#include "mail/spf/ip_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace rampart::spf {
namespace {

// inet_pton takes exactly the forms that SPF allows, but wants a final NUL: a copy on the stack.
template <class Octets>
std::optional<Octets> read(int family, std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  // A NUL inside would end the text for inet_pton, and anything could follow it.
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::ranges::copy(text, copy.begin());
  Octets octets{};
  if (inet_pton(family, copy.data(), octets.data()) != 1) return std::nullopt;
  return octets;
}

template <class Octets>
std::string print(int family, const Octets& octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, octets.data(), text.data(), text.size());
}

}  // namespace

std::optional<Octets4> read_ip4(std::string_view text) { return read<Octets4>(AF_INET, text); }

std::optional<Octets6> read_ip6(std::string_view text) { return read<Octets6>(AF_INET6, text); }

std::string print_ip4(const Octets4& octets) { return print(AF_INET, octets); }

std::string print_ip6(const Octets6& octets) {
  // inet_ntop writes "::192.0.2.1" for the deprecated IPv4-compatible addresses; RFC 5952 section 5
  // wants dots only behind a prefix known to hold IPv4, of which "::ffff:" is the one here.
  const bool compatible = std::all_of(octets.begin(), octets.begin() + 12,
                                      [](std::uint8_t octet) { return octet == 0; }) &&
                          (octets[12] != 0 || octets[13] != 0);
  if (compatible) {
    return fmt::format("::{:x}:{:x}", octets[12] * 256u + octets[13],
                       octets[14] * 256u + octets[15]);
  }
  return print(AF_INET6, octets);
}

}  // namespace rampart::spf
