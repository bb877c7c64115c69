/// Names a mailbox on a mail server: imaps://user@host:port/folder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::reports {

/// When a connection becomes TLS.
enum class ImapSecurity {
  Tls,       ///< At once: imaps (RFC 8314 section 3.2).
  StartTls,  ///< Before anything is told: imap.
};

/// A mailbox and who reads it; never a password.
struct ImapAddress {
  ImapSecurity security = ImapSecurity::Tls;
  std::string host;  ///< A name or an address, IPv6 without brackets.
  int port = 993;
  std::string user;
  std::string folder = "INBOX";  ///< In UTF-8, with the server's own separators.

  /// As it may be shown, without the user.
  std::string text() const;
  bool is_loopback() const;

  bool operator==(const ImapAddress&) const = default;
};

/// Reads an address as RFC 5092 section 2 writes it; a user may hold a bare "@". What holds a
/// password is refused, and never quoted in the Error.
Result<ImapAddress> parse_imap_address(std::string_view text);

/// A folder's name as it goes over the wire, quoted and in modified UTF-7 (RFC 3501 section 5.1.3);
/// an Error where it is no UTF-8 or holds a control character.
Result<std::string> imap_folder(std::string_view name);

}  // namespace rampart::reports
