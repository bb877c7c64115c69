/// Ingests reports from a mailbox. The state is kept on the server alone: a mail is marked or moved
/// once its report is committed to the store, never before. So an interruption at any point costs
/// at most a few mails that are read again, which changes nothing.
#pragma once

#include "reports/ingest.h"
#include "reports/mailbox/imap_session.h"

namespace rampart::reports {

/// Progress of a fetch.
struct FetchProgress {
  std::size_t mails = 0;
  std::size_t of_mails = 0;
  std::uint64_t octets = 0;
};

/// Which mails of which folder are read, and how the dialogue is observed.
struct FetchOptions {
  IngestOptions ingest;
  std::string mailbox;  ///< Its name in messages: "imaps://mail.example/INBOX".
  std::string folder;   ///< On the server.
  /// Empty: unseen mails are read, then marked as \Seen. Else mails without this keyword are read,
  /// then get it; so that people may read the mailbox too.
  std::string keyword;
  std::string move_to;  ///< The folder for mails whose report is stored; empty: not moved.
  std::function<Result<ImapWire>()> connect;             ///< Called again after a lost connection.
  std::function<void(std::chrono::milliseconds)> pause;  ///< Waits between attempts.
  std::function<void(const FetchProgress&)> progress;    ///< May be empty, as all below.
  std::function<void(const std::string&)> notify;        ///< A sentence for people.
  std::function<void(const std::string&)> trace;         ///< Each line of the dialogue.
  /// Saves a mail of which something was refused, before it is marked. `name` is a file name.
  std::function<Result<Ok>(const std::string& name, std::string_view octets)> quarantine;
  std::string reading_mark;  ///< The file of ReadingMark; empty: none.
  std::size_t batch = 100;   ///< Mails that are committed and then marked together.
  int attempts = 6;          ///< Connections in a row that may fail without any progress.
};

/// The outcome of a fetch; also complete up to the Error that ended it.
struct Fetched {
  Ingested ingested;         ///< A mail counts as a file.
  std::int64_t matched = 0;  ///< Mails that the search found.
  std::int64_t marked = 0;
  std::int64_t moved = 0;
  std::uint64_t octets = 0;
  int reconnects = 0;
  std::optional<Error> error;
};

/// Fetches until the search finds no more mails.
Fetched fetch(Store& store, const FetchOptions& options);

}  // namespace rampart::reports
