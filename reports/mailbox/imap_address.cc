/// Mailbox addresses and folder names.
#include "reports/mailbox/imap_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/base64.h"
#include "base/utf8.h"

namespace rampart::reports {
namespace {

constexpr std::string_view kHint = "write it as imaps://user@host/INBOX";

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return {};
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

/// A line end in a name would begin a command of its own.
bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// "host", "host:port" or "[::1]:port" into `address`.
bool read_host(std::string_view text, ImapAddress& address) {
  // An IPv6 address needs brackets, since its own colons look like a port.
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return false;
    address.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (!text.empty() && text.front() != ':') return false;
    colon = text.empty() ? text.npos : 0;
  } else {
    address.host = text.substr(0, colon);
    if (address.host.find(':') != text.npos) return false;
  }
  // The host becomes part of a URL for libcurl, in which other characters could begin a path or a
  // user.
  constexpr std::string_view kHostCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
  if (address.host.empty() || address.host.find_first_not_of(kHostCharacters) != text.npos) {
    return false;
  }
  if (colon == text.npos) return true;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  return error == std::errc{} && end == port.data() + port.size() && address.port > 0 &&
         address.port < 65536;
}

/// RFC 3501 section 5.1.3: base64 of UTF-16 with "," for "/", without padding.
std::string modified_base64(std::string_view octets) {
  std::string out = encode_base64(octets);
  std::ranges::replace(out, '/', ',');
  out.resize(std::min(out.find('='), out.size()));
  return out;
}

void append_utf16(std::string& out, std::uint32_t character) {
  const auto unit = [&](std::uint32_t value) {
    out += static_cast<char>(value >> 8U);
    out += static_cast<char>(value & 0xffU);
  };
  // Characters beyond the basic plane are surrogate pairs in UTF-16.
  if (character < 0x10000) return unit(character);
  unit(0xd800 + ((character - 0x10000) >> 10U));
  unit(0xdc00 + ((character - 0x10000) & 0x3ffU));
}

}  // namespace

std::string ImapAddress::text() const {
  const bool tls = security == ImapSecurity::Tls;
  const std::string shown = host.find(':') == host.npos ? host : "[" + host + "]";
  // The usual port is omitted, so that equal mailboxes have equal texts: reports are located by
  // them.
  const std::string tail = port == (tls ? 993 : 143) ? "" : fmt::format(":{}", port);
  return fmt::format("{}://{}{}/{}", tls ? "imaps" : "imap", shown, tail, folder);
}

/// By the text alone: a name that resolves to the loopback today may resolve elsewhere tomorrow,
/// and a password without TLS would follow it.
bool ImapAddress::is_loopback() const {
  in_addr four{};
  return host == "localhost" || host == "::1" ||
         (inet_pton(AF_INET, host.c_str(), &four) == 1 && ntohl(four.s_addr) >> 24U == 127);
}

Result<ImapAddress> parse_imap_address(std::string_view text) {
  // Never quotes the text: a password may be anywhere in a malformed address.
  const Error malformed{fmt::format("this is not a mailbox: {}", kHint)};
  ImapAddress address;
  if (text.starts_with("imaps://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("imap://")) {
    text.remove_prefix(7);
    // imap:// means STARTTLS. Clear text needs an option of its own, except on the loopback.
    address.security = ImapSecurity::StartTls;
    address.port = 143;
  } else {
    return malformed;
  }
  // The last "@": user names of many providers are addresses, and contain one.
  const std::size_t at = text.substr(0, text.find_last_of('@')).size();
  if (at < text.size()) {
    const std::string_view user = text.substr(0, at);
    // A password in an argument is visible in the list of processes and in the shell's history.
    if (user.find(':') != user.npos) {
      return Error{"a mailbox address may not contain a password: set RAMPART_IMAP_PASSWORD"};
    }
    const auto decoded = percent_decoded(user);
    if (!decoded || has_control(*decoded) || user.find('/') != user.npos) return malformed;
    address.user = *decoded;
    text.remove_prefix(at + 1);
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (!read_host(text.substr(0, slash), address)) return malformed;
  // RFC 5092 has parameters after these. Ignoring them would read another mailbox than the one that
  // is meant.
  if (text.find_first_of("?;") != text.npos) return malformed;
  if (slash + 1 < text.size()) {
    const auto folder = percent_decoded(text.substr(slash + 1));
    if (!folder || !imap_folder(*folder)) return malformed;
    address.folder = *folder;
  }
  return address;
}

Result<std::string> imap_folder(std::string_view name) {
  if (name.empty() || has_control(name)) return Error{"this is not a folder's name"};
  std::string out = "\"";
  std::string wide;
  // Characters beyond ASCII are collected, because a run of them is encoded as one.
  const auto close = [&] {
    if (!wide.empty()) out += "&" + modified_base64(wide) + "-";
    wide.clear();
  };
  while (!name.empty()) {
    const auto code_point = first_code_point(name);
    if (!code_point) return Error{"the folder's name is not UTF-8"};
    name.remove_prefix(code_point->octets);
    if (code_point->value >= 0x80) {
      append_utf16(wide, code_point->value);
      continue;
    }
    close();
    const char c = static_cast<char>(code_point->value);
    if (c == '"' || c == '\\') out += '\\';
    out += c;
    // "&" begins encoded characters, so "&-" is the character itself.
    if (c == '&') out += '-';
  }
  close();
  return out + "\"";
}

}  // namespace rampart::reports
