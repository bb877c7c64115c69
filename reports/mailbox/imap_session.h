/// The dialogue with a mail server after the login (RFC 3501): select a folder, search for mails,
/// fetch them without marking them, mark or move them.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "reports/mailbox/imap_response.h"
#include "reports/mailbox/imap_wire.h"

namespace rampart::reports {

/// Unique identifiers of mails within a folder.
using Uids = std::vector<std::uint32_t>;

/// The selected folder.
struct ImapFolder {
  std::uint32_t uid_validity = 0;  ///< UIDs are only valid together with it.
  bool writable = true;            ///< Flags can be set.
  bool keeps_keywords = false;     ///< Clients may define flags.
};

/// One connection's dialogue. An Error is retryable where the connection is at fault.
class ImapSession {
 public:
  using Log = std::function<void(const std::string&)>;
  /// `trace` is called with each line, without mails; it may be empty.
  ImapSession(ImapWire wire, ImapLimits limits, Log trace);

  /// Selects a folder by its UTF-8 name.
  Result<ImapFolder> select(const std::string& folder);
  /// Creates a folder unless it exists.
  Result<Ok> ensure_folder(const std::string& folder);
  /// The UIDs of the mails that match `criteria`, sorted.
  Result<Uids> search(const std::string& criteria);
  /// Fetches without marking; `receive` is called for each mail as soon as it is complete.
  Result<Ok> fetch(const std::string& set, const std::function<void(ImapMail&&)>& receive);
  /// Sets a flag, such as \Seen.
  Result<Ok> flag(const std::string& set, const std::string& flag);
  /// Moves by MOVE (RFC 6851) or, where the server lacks it, by copying and deleting the original.
  /// Without UIDPLUS (RFC 4315) the original is only marked as deleted.
  Result<Ok> move(const std::string& set, const std::string& folder);
  /// Ends the session; failures are of no interest any more.
  void log_out();

  /// Octets received so far.
  std::uint64_t octets() const { return reader_.octets(); }

 private:
  using OnResponse = std::function<void(ImapResponse&&)>;
  Result<Ok> command(const std::string& text, const OnResponse& on_response = {});
  Result<bool> can(const std::string& capability);

  ImapWire wire_;
  ImapReader reader_;
  Log trace_;
  int commands_ = 0;
  std::size_t untagged_ = 0;  ///< Responses of the session beside those that carry a mail.
  std::set<std::string> capabilities_;
};

}  // namespace rampart::reports
