/// What is said to a mail server once it is logged in to (RFC 3501): choose a folder, find mails,
/// fetch them without marking them, mark or move them.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "reports/mailbox/imap_response.h"
#include "reports/mailbox/imap_wire.h"

namespace rampart::reports {

using Uids = std::vector<std::uint32_t>;

/// The folder that was chosen.
struct ImapFolder {
  std::uint32_t uid_validity = 0;  ///< UIDs mean nothing under another one.
  bool writable = true;
  bool keeps_keywords = false;  ///< Flags of one's own stay.
};

/// One connection's dialogue. An Error is retryable where the connection is at fault.
class ImapSession {
 public:
  using Log = std::function<void(const std::string&)>;
  /// `trace` is told each line, mails left out; it may be empty.
  ImapSession(ImapWire wire, ImapLimits limits, Log trace);

  Result<ImapFolder> select(const std::string& folder);
  /// Makes sure that a folder is there, and makes it where it is not.
  Result<Ok> need_folder(const std::string& folder);
  /// The UIDs that `criteria` match, sorted.
  Result<Uids> search(const std::string& criteria);
  /// Fetches without marking; `take` is called for each mail as soon as it is whole.
  Result<Ok> fetch(const std::string& set, const std::function<void(ImapMail&&)>& take);
  /// Sets a flag, such as \Seen.
  Result<Ok> flag(const std::string& set, const std::string& flag);
  /// MOVE (RFC 6851), else a copy and the removal of the original, else what comes nearest.
  Result<Ok> move(const std::string& set, const std::string& folder);
  void log_out();

  std::uint64_t octets() const { return reader_.octets(); }

 private:
  using Take = std::function<void(ImapResponse&&)>;
  Result<Ok> command(const std::string& text, const Take& take = {});
  Result<bool> can(const std::string& capability);

  ImapWire wire_;
  ImapReader reader_;
  Log trace_;
  int commands_ = 0;
  std::set<std::string> capabilities_;
};

}  // namespace rampart::reports
