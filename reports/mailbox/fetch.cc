/// Fetches batch by batch: read mails, commit their reports, mark the mails.
#include "reports/mailbox/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "reports/mailbox/reading_mark.h"

namespace rampart::reports {
namespace {

/// RFC 2683 section 3.2.1.5: servers may reject lines of more than 1000 octets.
constexpr std::size_t kLongestSet = 900;

/// A server that closed an old connection accepts another at once; one that restarts needs longer,
/// so pauses double up to the second number.
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{20'000};

/// Larger mails hardly ever carry a report.
constexpr std::size_t kLargeMail = 1 << 20;

constexpr const char* kEndedTwoRuns =
    "the last two runs ended while they read this mail, so it is set aside; to try it again, mark "
    "it as unread (with --keyword: remove the keyword)";

/// The mails of a batch.
struct BatchOutcome {
  Uids stored;
  Uids refused;
  std::optional<Error> problem;  ///< A mail could not be saved: none may be marked.
};

class Fetcher {
 public:
  Fetcher(Store& store, const FetchOptions& options)
      : store_(store), options_(options), ingester_(store, options.ingest) {
    if (!options.reading_mark.empty()) mark_ = ReadingMark(options.reading_mark);
  }

  /// Reconnects after lost connections, as long as each brings progress or attempts are left.
  Fetched run() {
    // A mail must not be marked on the server while a power cut could still undo its report.
    Result<Ok> done = store_.survive_power_cuts();
    int failures = 0;
    while (done) {
      const std::int64_t before = advances_;
      done = run_connection();
      if (done || !done.error().retryable) break;
      // A connection that made progress resets the count: servers that end each connection after
      // some mails are slow, not broken.
      failures = advances_ > before ? 1 : failures + 1;
      if (failures >= options_.attempts) break;
      const std::chrono::milliseconds pause = pause_after(failures);
      notify(fmt::format("{}: {}; retrying in {:.1f} s", options_.mailbox, sentence(done.error()),
                         static_cast<double>(pause.count()) / 1000));
      options_.pause(pause);
      ++fetched_.reconnects;
      done = Ok{};
    }
    if (!done) fetched_.error = within(options_.mailbox, done.error());
    fetched_.ingested = ingester_.outcome();
    fetched_.ingested.files = read_;
    return std::move(fetched_);
  }

 private:
  /// One connection, until nothing is left to do or it fails.
  Result<Ok> run_connection() {
    TRY(ImapWire wire, options_.connect());
    ImapSession session(std::move(wire), {.literal = options_.ingest.limits.mail_octets},
                        options_.trace);
    Result<Ok> done = process_folder(session);
    fetched_.octets += session.octets();
    // After a failure, the server may not read any more, and waiting for its answer would only
    // delay the next attempt.
    if (done) session.log_out();
    return done;
  }

  Result<Ok> process_folder(ImapSession& session) {
    TRY_OK(select_folder(session));
    // Mails that an earlier connection stored but could not mark.
    TRY_OK(mark_finished(session));
    const std::string criteria = options_.keyword.empty()
                                     ? "UNSEEN UNDELETED"
                                     : "UNKEYWORD " + options_.keyword + " UNDELETED";
    TRY(Uids uids, session.search(criteria));
    // A server that loses marks would return the same mails forever.
    std::erase_if(uids, [this](std::uint32_t uid) { return finished_.contains(uid); });
    of_mails_ = read_ + static_cast<std::int64_t>(uids.size());
    fetched_.matched = std::max(fetched_.matched, of_mails_);
    while (!uids.empty()) {
      const Uids candidates(uids.begin(), uids.begin() + std::min(options_.batch, uids.size()));
      std::size_t count = 0;
      const std::string set = uid_set(candidates, kLongestSet, count);
      TRY_OK(fetch_batch(session, Uids(uids.begin(), uids.begin() + count), set));
      uids.erase(uids.begin(), uids.begin() + count);
    }
    return Ok{};
  }

  /// Selects the folder, and checks that marking and moving will work before anything is read.
  Result<Ok> select_folder(ImapSession& session) {
    TRY(const ImapFolder folder, session.select(options_.folder));
    // Without marks, every run would fetch the whole folder again.
    if (!folder.writable) return Error{"the folder is read-only, so no mail could be marked"};
    if (!options_.keyword.empty() && !folder.keeps_keywords) {
      return Error{"the folder keeps no keywords; omit --keyword, or use --move-to"};
    }
    if (folder.uid_validity != uid_validity_) {
      // The folder was recreated: the UIDs noted so far mean other mails, or none.
      stored_.clear();
      refused_.clear();
      finished_.clear();
    }
    uid_validity_ = folder.uid_validity;
    return options_.move_to.empty() ? Ok{} : session.ensure_folder(options_.move_to);
  }

  Result<Ok> fetch_batch(ImapSession& session, const Uids& uids, const std::string& set) {
    BatchOutcome outcome;
    Result<Ok> read = receive(session, set, outcome);
    if (!read && !read.error().retryable) read = receive_one_by_one(session, uids, outcome);
    if (outcome.problem) return *outcome.problem;
    // Mails that arrived whole are kept even if the connection is lost.
    if (Result<Ok> committed = ingester_.commit(); !committed) {
      return within("the store", committed.error());
    }
    stored_.insert(stored_.end(), outcome.stored.begin(), outcome.stored.end());
    refused_.insert(refused_.end(), outcome.refused.begin(), outcome.refused.end());
    // Marked only after the commit: a mail may be read twice after a crash, but none is lost.
    return read ? mark_finished(session) : read;
  }

  Result<Ok> receive(ImapSession& session, const std::string& set, BatchOutcome& outcome) {
    return session.fetch(set, [&](ImapMail&& mail) {
      // Servers may send a response twice or unrequested (RFC 3501 section 7).
      if (outcome.problem || finished_.contains(mail.uid)) return;
      const Result<bool> usable = ingest_mail(mail);
      if (!usable) {
        outcome.problem = usable.error();
        return;
      }
      finished_.insert(mail.uid);
      (*usable ? outcome.stored : outcome.refused).push_back(mail.uid);
      report_progress(fetched_.octets + session.octets());
    });
  }

  /// If a server refuses a batch, the cause is one of its mails: that one is listed as refused and
  /// not marked, and the others are fetched.
  Result<Ok> receive_one_by_one(ImapSession& session, const Uids& uids, BatchOutcome& outcome) {
    for (const std::uint32_t uid : uids) {
      if (outcome.problem || finished_.contains(uid)) continue;
      const Result<Ok> read = receive(session, std::to_string(uid), outcome);
      if (read) continue;
      if (read.error().retryable) return read;
      // Finished for this run, so that it is not tried again after each reconnect. Unmarked, so
      // that the next run tries it.
      ingester_.refuse(location_of(uid), read.error());
      finished_.insert(uid);
    }
    return Ok{};
  }

  std::string location_of(std::uint32_t uid) const {
    return fmt::format("{};UID={}", options_.mailbox, uid);
  }

  /// Whether nothing of the mail was refused. An Error only where it could not be saved.
  Result<bool> ingest_mail(const ImapMail& mail) {
    const std::int64_t before = ingester_.refusals();
    const std::string location = location_of(mail.uid);
    // UIDs of a folder that was recreated mean other mails.
    const std::string name = fmt::format("{};UIDVALIDITY={}", location, uid_validity_);
    if (mark_.ended_two_runs(name)) {
      ingester_.refuse(location, Error{kEndedTwoRuns});
    } else if (mail.too_large) {
      ingester_.refuse(location, Error{fmt::format("the mail is larger than {} MiB",
                                                   options_.ingest.limits.mail_octets >> 20U)});
    } else {
      // A large mail may end the process while it is copied; a failure of the store is kept for the
      // batch's commit.
      if (mail.octets.size() > kLargeMail) (void)ingester_.commit();
      mark_.begin(name);
      ingester_.add_stream(location, text_source(mail.octets));
      mark_.end();
    }
    ++advances_;
    ++read_;
    const bool usable = ingester_.refusals() == before;
    // A refused mail is marked like the others, and would not be found again. Its copy is saved
    // before that.
    if (!usable && !mail.too_large && options_.quarantine) {
      const std::string file = fmt::format("{}-{}.eml", uid_validity_, mail.uid);
      TRY_OK(options_.quarantine(file, mail.octets));
    }
    return usable;
  }

  /// Marks or moves the mails whose reports are in the store, and marks those that were refused.
  Result<Ok> mark_finished(ImapSession& session) {
    const std::string flag = options_.keyword.empty() ? "\\Seen" : options_.keyword;
    const auto mark = [&](const std::string& set) { return session.flag(set, flag); };
    const auto move = [&](const std::string& set) { return session.move(set, options_.move_to); };
    const bool moves = !options_.move_to.empty();
    // Refused mails are marked too, or every run would list them again. They are not moved, so that
    // the folder still shows them.
    Result<Ok> done =
        moves ? for_sets(stored_, fetched_.moved, move) : for_sets(stored_, fetched_.marked, mark);
    return done ? for_sets(refused_, fetched_.marked, mark) : done;
  }

  /// Runs a command on all `uids`, a set at a time. They are removed as soon as their command
  /// succeeded, so that a lost connection repeats no more than one.
  template <class Act>
  Result<Ok> for_sets(Uids& uids, std::int64_t& counter, const Act& act) {
    // Sorted, so that runs of UIDs become ranges and a set holds many of them.
    std::ranges::sort(uids);
    while (!uids.empty()) {
      std::size_t count = 0;
      const std::string set = uid_set(uids, kLongestSet, count);
      TRY_OK(act(set));
      uids.erase(uids.begin(), uids.begin() + count);
      counter += static_cast<std::int64_t>(count);
      ++advances_;
    }
    return Ok{};
  }

  /// Exponential backoff with jitter, so that several clients do not return at the same time.
  std::chrono::milliseconds pause_after(int failures) {
    // The exponent is limited, because the shift would overflow after sixty failures.
    const auto doubled = kFirstPause * (1LL << std::min(failures - 1, 10));
    const auto longest = std::min<std::chrono::milliseconds>(doubled, kLongestPause).count();
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(longest / 2, longest)(chance_));
  }

  void report_progress(std::uint64_t octets) const {
    if (!options_.progress) return;
    options_.progress({static_cast<std::size_t>(read_),
                       static_cast<std::size_t>(std::max(of_mails_, read_)), octets});
  }

  void notify(const std::string& sentence) const {
    if (options_.notify) options_.notify(sentence);
  }

  Store& store_;
  const FetchOptions& options_;
  Ingester ingester_;
  ReadingMark mark_;
  Fetched fetched_;
  std::mt19937 chance_{std::random_device{}()};

  std::uint32_t uid_validity_ = 0;
  Uids stored_;                       ///< In the store, not yet marked.
  Uids refused_;                      ///< Refused, not yet marked.
  std::set<std::uint32_t> finished_;  ///< Read by this run.
  std::int64_t read_ = 0;
  std::int64_t of_mails_ = 0;
  std::int64_t advances_ = 0;  ///< Mails read and sets marked: whether a connection got anywhere.
};

}  // namespace

Fetched fetch(Store& store, const FetchOptions& options) { return Fetcher(store, options).run(); }

}  // namespace rampart::reports
