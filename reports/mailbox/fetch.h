/// Takes reports in from a mailbox. What is done with a mail is kept on the server alone: it is
/// marked or moved once its report is safe in the store, never before. So a break at any point
/// costs at most a few mails that are read again, which changes nothing.
#pragma once

#include "reports/ingest.h"
#include "reports/mailbox/imap_session.h"

namespace rampart::reports {

/// How far a fetch has come.
struct FetchProgress {
  std::size_t mails = 0;
  std::size_t of_mails = 0;
  std::uint64_t octets = 0;
};

struct FetchOptions {
  IngestOptions ingest;
  std::string place;   ///< How the mailbox is named to people: "imaps://mail.example/INBOX".
  std::string folder;  ///< On the server.
  /// Empty: unseen mails are taken, and marked as \Seen. Else those without this keyword, which
  /// then get it; so a mailbox that people read can serve too.
  std::string keyword;
  std::string move_to;  ///< Where mails go whose report is stored; empty: they stay.
  std::function<Result<ImapWire>()> connect;
  std::function<void(std::chrono::milliseconds)> pause;  ///< Lets time pass between attempts.
  std::function<void(const FetchProgress&)> progress;    ///< May be empty, as all that follow.
  std::function<void(const std::string&)> note;          ///< What a person may want to know.
  std::function<void(const std::string&)> trace;         ///< Each line of the dialogue.
  /// Keeps a mail of which something was refused, before it is marked.
  std::function<Result<Ok>(const std::string& name, std::string_view octets)> quarantine;
  std::size_t batch = 100;  ///< Mails that are committed and then marked together.
  int attempts = 6;         ///< Connections in a row that may end without bringing anything.
};

/// What became of a mailbox; true as far as it goes, even where an Error ended it.
struct Fetched {
  Ingested ingested;         ///< A mail counts as a file.
  std::int64_t matched = 0;  ///< Mails found waiting.
  std::int64_t marked = 0;
  std::int64_t moved = 0;
  std::uint64_t octets = 0;
  int reconnects = 0;
  std::optional<Error> error;
};

/// Fetches until nothing waits any more.
Fetched fetch(Store& store, const FetchOptions& options);

}  // namespace rampart::reports
