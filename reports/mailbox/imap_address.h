/// The address of a mailbox on a mail server: imaps://user@host:port/folder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::reports {

/// When a connection becomes TLS.
enum class ImapSecurity {
  Tls,       ///< From the start: imaps (RFC 8314 section 3.2).
  StartTls,  ///< Before the login: imap.
};

/// A mailbox and its user, without a password.
struct ImapAddress {
  ImapSecurity security = ImapSecurity::Tls;
  std::string host;  ///< A name or an address, IPv6 without brackets.
  int port = 993;
  std::string user;
  std::string folder = "INBOX";  ///< In UTF-8, with the server's own separators.

  /// The address without the user, for messages.
  std::string text() const;
  /// Whether the host is this machine.
  bool is_loopback() const;

  bool operator==(const ImapAddress&) const = default;
};

/// Parses an address as defined by RFC 5092 section 2; the user may contain a bare "@". An address
/// with a password is refused. The Error never quotes the text.
Result<ImapAddress> parse_imap_address(std::string_view text);

/// A folder's name as the protocol writes it, quoted and in modified UTF-7 (RFC 3501
/// section 5.1.3); an Error where it is not UTF-8 or contains a control character.
Result<std::string> imap_folder(std::string_view name);

}  // namespace rampart::reports
