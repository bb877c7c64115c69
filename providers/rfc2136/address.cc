/// Where a name server is: addresses, host names, ports.
#include "providers/rfc2136/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "base/text.h"

namespace rampart {
namespace {

bool is_ip(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// Letters, digits and hyphens (RFC 1123 section 2.1). A last label of digits alone is a mistyped
// address: no top-level domain has one.
bool is_host_name(std::string_view text) {
  const Result<Name> name = Name::parse(text);
  if (!name || name->is_root()) return false;
  const auto labels = name->labels();
  const auto hyphenated = [](std::string_view label) {
    return !label.starts_with('-') && !label.ends_with('-') &&
           std::ranges::all_of(label,
                               [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; });
  };
  return std::ranges::all_of(labels, hyphenated) && !std::ranges::all_of(labels.back(), is_digit);
}

std::optional<std::uint16_t> parse_tcp_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('0') ||
      port > 65535) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

// More than one colon without brackets is an IPv6 address alone, so that a port needs brackets.
Result<ServerAddress> parse_server_address(std::string_view text) {
  if (text.find("://") != text.npos) {
    return Error{.what = fmt::format("`{}` is a URL; write HOST or HOST:PORT", text)};
  }
  ServerAddress address;
  std::string_view port;
  const std::size_t colon = text.find(':');
  const bool bracket = text.starts_with('[');
  if (bracket) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return Error{.what = fmt::format("`{}` has no closing bracket", text)};
    address.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (colon != text.npos && text.find(':', colon + 1) == text.npos) {
    address.host = text.substr(0, colon);
    port = text.substr(colon);
  } else {
    address.host = text;
  }
  const bool v6 = address.host.find(':') != std::string::npos;
  if (bracket && !v6) return Error{.what = fmt::format("`{}`: brackets are for IPv6 only", text)};
  if (!is_ip(address.host) && !is_host_name(address.host)) {
    return Error{.what = fmt::format("`{}` is neither an IP address nor a host name",
                                     address.host.empty() ? text : address.host)};
  }
  if (port.empty()) return address;
  const auto number = port.starts_with(':') ? parse_tcp_port(port.substr(1)) : std::nullopt;
  if (!number || *number == 0) {
    return Error{.what = port.starts_with(':')
                             ? fmt::format("the port of `{}` is not from 1 to 65535", text)
                             : fmt::format("`{}` has no colon between address and port", text)};
  }
  address.port = *number;
  return address;
}

std::string to_text(const ServerAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", address.port);
}

Result<std::vector<Server>> servers_at(const ServerAddress& address) {
  if (is_ip(address.host)) return std::vector<Server>{{address.host, address.port}};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int problem = getaddrinfo(address.host.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  if (problem != 0) {
    return Error{.what = fmt::format("the host name {} cannot be looked up: {}", address.host,
                                     gai_strerror(problem)),
                 .retryable = problem == EAI_AGAIN};
  }
  std::vector<Server> servers;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    std::array<char, NI_MAXHOST> ip{};
    if (getnameinfo(at->ai_addr, at->ai_addrlen, ip.data(), ip.size(), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      servers.push_back({ip.data(), address.port});
    }
  }
  if (!servers.empty()) return servers;
  return Error{.what = fmt::format("the host name {} has no address", address.host)};
}

}  // namespace rampart
