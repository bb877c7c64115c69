/// Connections to a mail server, logged in. libcurl does TLS and authentication; the dialogue after
/// them is ImapSession's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "reports/mailbox/imap_address.h"

namespace rampart::reports {

/// An open, authenticated connection. It is closed when the last copy is destroyed.
struct ImapWire {
  /// Sends all octets.
  std::function<Result<Ok>(std::string_view octets)> send;
  /// Waits for octets: at least one, valid until the next call. An Error where the connection is
  /// lost, retryable where another connection may succeed.
  std::function<Result<std::string_view>()> receive;
};

/// Whether a password may be sent without TLS.
enum class PlainText { Refused, Accepted };

/// The account, and the certificates that are trusted.
struct ImapAccount {
  ImapAddress address;
  std::string password;
  std::string token;      ///< OAuth 2.0 (RFC 7628); in place of a password.
  std::string ca_file;    ///< Trusted authorities; empty: the system's.
  std::string ca_folder;  ///< As ca_file.
  /// Accepted: a server without STARTTLS is used all the same. On loopback it always is.
  PlainText plain_text = PlainText::Refused;
};

/// Connects and logs in. An Error describes the problem in one sentence that contains no secret; it
/// is retryable unless a second attempt would fail the same way.
Result<ImapWire> connect_imap(const ImapAccount& account);

}  // namespace rampart::reports
