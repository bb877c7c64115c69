/// Connections to a mail server, logged in: TLS and authentication are libcurl's, and what is said
/// afterwards is ours.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "reports/mailbox/imap_address.h"

namespace rampart::reports {

/// An open, authenticated connection. It is closed when the last copy goes.
struct ImapWire {
  std::function<Result<Ok>(std::string_view octets)> send;
  /// What has come, at least one octet, valid until the next call; an Error where nothing comes
  /// any more, retryable where another connection may do better.
  std::function<Result<std::string_view>()> receive;
};

enum class PlainText { Refused, Accepted };

/// Who logs in, and how much the way there is trusted.
struct ImapAccount {
  ImapAddress address;
  std::string password;
  std::string token;      ///< OAuth 2.0 (RFC 7628); in place of a password.
  std::string ca_file;    ///< Empty: the system's.
  std::string ca_folder;  ///< As ca_file.
  /// Accepted: a server without STARTTLS is spoken to all the same. To loopback it always is.
  PlainText plain_text = PlainText::Refused;
};

/// Connects and logs in. An Error says in one sentence what is wrong, never with a secret in it;
/// it is retryable unless a second attempt would end the same way.
Result<ImapWire> connect_imap(const ImapAccount& account);

}  // namespace rampart::reports
