/// From a mailbox into the store, batch by batch: fetch, commit, mark.
#include "reports/mailbox/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace rampart::reports {
namespace {

/// Short enough a command for every server (RFC 2683 section 3.2.1.5).
constexpr std::size_t kLongestSet = 900;

constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{20'000};

/// What became of a batch's mails.
struct Arrived {
  Uids good;
  Uids refused;
  std::optional<Error> problem;  ///< A mail could not be kept: nothing may be marked.
};

class Fetcher {
 public:
  Fetcher(Store& store, const FetchOptions& options)
      : store_(store), options_(options), intake_(store, options.ingest) {}

  Fetched run() {
    // A mail must not be marked on the server while a power cut could still take its report away.
    Result<Ok> done = store_.survive_power_cuts();
    int failures = 0;
    while (done) {
      const std::int64_t before = steps_;
      done = once();
      if (done || !done.error().retryable) break;
      failures = steps_ > before ? 1 : failures + 1;
      if (failures >= options_.attempts) break;
      const std::chrono::milliseconds pause = pause_after(failures);
      note(fmt::format("{}: {}; again in {:.1f} s", options_.place, sentence(done.error()),
                       static_cast<double>(pause.count()) / 1000));
      options_.pause(pause);
      ++fetched_.reconnects;
      done = Ok{};
    }
    if (!done) fetched_.error = within(options_.place, done.error());
    fetched_.ingested = intake_.outcome();
    fetched_.ingested.files = taken_;
    return std::move(fetched_);
  }

 private:
  /// One connection, to the end or until it breaks.
  Result<Ok> once() {
    Result<ImapWire> wire = options_.connect();
    if (!wire) return wire.error();
    ImapSession session(std::move(wire).value(), {.literal = options_.ingest.limits.mail_octets},
                        options_.trace);
    Result<Ok> done = work(session);
    fetched_.octets += session.octets();
    if (done) session.log_out();
    return done;
  }

  Result<Ok> work(ImapSession& session) {
    if (Result<Ok> ready = enter(session); !ready) return ready;
    if (Result<Ok> settled = settle(session); !settled) return settled;
    const std::string criteria = options_.keyword.empty()
                                     ? "UNSEEN UNDELETED"
                                     : "UNKEYWORD " + options_.keyword + " UNDELETED";
    Result<Uids> found = session.search(criteria);
    if (!found) return found.error();
    Uids& uids = found.value();
    // A server that does not keep what it is told would have us come back for ever.
    std::erase_if(uids, [this](std::uint32_t uid) { return finished_.contains(uid); });
    of_mails_ = taken_ + static_cast<std::int64_t>(uids.size());
    fetched_.matched = std::max(fetched_.matched, of_mails_);
    while (!uids.empty()) {
      const Uids some(uids.begin(), uids.begin() + std::min(options_.batch, uids.size()));
      std::size_t count = 0;
      const std::string set = uid_set(some, kLongestSet, count);
      const Uids asked(some.begin(), some.begin() + count);
      if (Result<Ok> done = batch(session, asked, set); !done) return done;
      uids.erase(uids.begin(), uids.begin() + count);
    }
    return Ok{};
  }

  /// Chooses the folder, and makes sure that marking and moving will work before anything is read.
  Result<Ok> enter(ImapSession& session) {
    const Result<ImapFolder> folder = session.select(options_.folder);
    if (!folder) return folder.error();
    if (!folder->writable) return Error{"the folder can only be read, so nothing could be marked"};
    if (!options_.keyword.empty() && !folder->keeps_keywords) {
      return Error{"the folder keeps no keywords; leave --keyword out, or use --move-to"};
    }
    if (folder->uid_validity != uid_validity_) {
      // The folder was made anew: numbers that were noted before mean other mails, or none.
      good_.clear();
      refused_.clear();
      finished_.clear();
    }
    uid_validity_ = folder->uid_validity;
    return options_.move_to.empty() ? Ok{} : session.need_folder(options_.move_to);
  }

  Result<Ok> batch(ImapSession& session, const Uids& uids, const std::string& set) {
    Arrived arrived;
    Result<Ok> read = receive(session, set, arrived);
    if (!read && !read.error().retryable) read = one_by_one(session, uids, arrived);
    if (arrived.problem) return *arrived.problem;
    // What came whole is kept even if the connection is gone.
    if (Result<Ok> committed = intake_.commit(); !committed) {
      return within("the store", committed.error());
    }
    good_.insert(good_.end(), arrived.good.begin(), arrived.good.end());
    refused_.insert(refused_.end(), arrived.refused.begin(), arrived.refused.end());
    return read ? settle(session) : read;
  }

  Result<Ok> receive(ImapSession& session, const std::string& set, Arrived& arrived) {
    return session.fetch(set, [&](ImapMail&& mail) {
      if (arrived.problem || finished_.contains(mail.uid)) return;
      const Result<bool> sound = take(mail);
      if (!sound) {
        arrived.problem = sound.error();
        return;
      }
      finished_.insert(mail.uid);
      (*sound ? arrived.good : arrived.refused).push_back(mail.uid);
      tell(fetched_.octets + session.octets());
    });
  }

  /// Where a server will not give a batch, one of its mails is to blame: that one is listed and
  /// left as it is, and the others are fetched.
  Result<Ok> one_by_one(ImapSession& session, const Uids& uids, Arrived& arrived) {
    for (const std::uint32_t uid : uids) {
      if (arrived.problem || finished_.contains(uid)) continue;
      const Result<Ok> read = receive(session, std::to_string(uid), arrived);
      if (read) continue;
      if (read.error().retryable) return read;
      intake_.refuse(place_of(uid), read.error());
      finished_.insert(uid);
    }
    return Ok{};
  }

  std::string place_of(std::uint32_t uid) const {
    return fmt::format("{};UID={}", options_.place, uid);
  }

  /// Whether all of the mail could be used. An Error only where it could not be kept.
  Result<bool> take(const ImapMail& mail) {
    const std::size_t before = intake_.outcome().refused.size();
    const std::string place = place_of(mail.uid);
    if (mail.too_large) {
      intake_.refuse(place, Error{fmt::format("the mail is larger than {} MiB",
                                              options_.ingest.limits.mail_octets >> 20U)});
    } else {
      intake_.take(place, pull_text(mail.octets));
    }
    ++steps_;
    ++taken_;
    const bool sound = intake_.outcome().refused.size() == before;
    if (!sound && !mail.too_large && options_.quarantine) {
      const std::string name = fmt::format("{}-{}.eml", uid_validity_, mail.uid);
      if (Result<Ok> kept = options_.quarantine(name, mail.octets); !kept) return kept.error();
    }
    return sound;
  }

  /// Marks or moves what is in the store.
  Result<Ok> settle(ImapSession& session) {
    const std::string flag = options_.keyword.empty() ? "\\Seen" : options_.keyword;
    const auto mark = [&](const std::string& set) { return session.flag(set, flag); };
    const auto move = [&](const std::string& set) { return session.move(set, options_.move_to); };
    const bool moves = !options_.move_to.empty();
    Result<Ok> done =
        moves ? for_sets(good_, fetched_.moved, move) : for_sets(good_, fetched_.marked, mark);
    return done ? for_sets(refused_, fetched_.marked, mark) : done;
  }

  /// Each mail leaves `uids` as soon as it is done with.
  template <class Act>
  Result<Ok> for_sets(Uids& uids, std::int64_t& counter, const Act& act) {
    std::ranges::sort(uids);
    while (!uids.empty()) {
      std::size_t count = 0;
      const std::string set = uid_set(uids, kLongestSet, count);
      if (Result<Ok> done = act(set); !done) return done;
      uids.erase(uids.begin(), uids.begin() + count);
      counter += static_cast<std::int64_t>(count);
      ++steps_;
    }
    return Ok{};
  }

  /// Doubled each time; half of it by chance, so that several do not come back together.
  std::chrono::milliseconds pause_after(int failures) {
    const auto doubled = kFirstPause * (1LL << std::min(failures - 1, 10));
    const auto longest = std::min<std::chrono::milliseconds>(doubled, kLongestPause).count();
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(longest / 2, longest)(chance_));
  }

  void tell(std::uint64_t octets) const {
    if (!options_.progress) return;
    options_.progress({static_cast<std::size_t>(taken_),
                       static_cast<std::size_t>(std::max(of_mails_, taken_)), octets});
  }

  void note(const std::string& sentence) const {
    if (options_.note) options_.note(sentence);
  }

  Store& store_;
  const FetchOptions& options_;
  Ingester intake_;
  Fetched fetched_;
  std::mt19937 chance_{std::random_device{}()};

  std::uint32_t uid_validity_ = 0;
  Uids good_;                         ///< In the store, not yet marked.
  Uids refused_;                      ///< Of no use, not yet marked.
  std::set<std::uint32_t> finished_;  ///< Read by this run.
  std::int64_t taken_ = 0;
  std::int64_t of_mails_ = 0;
  std::int64_t steps_ = 0;  ///< Grows with whatever gets on.
};

}  // namespace

Fetched fetch(Store& store, const FetchOptions& options) { return Fetcher(store, options).run(); }

}  // namespace rampart::reports
