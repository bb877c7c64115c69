/// The dialogue with a mail server.
#include "reports/mailbox/imap_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "dns/txt.h"

namespace rampart::reports {
namespace {

/// Longer texts are truncated in messages.
constexpr std::size_t kDisplayed = 200;

/// A server may report every change of the folder by others, but not forever: neither to one
/// command nor, where many commands follow, to all of them.
constexpr std::size_t kMostUntagged = 100'000;
constexpr std::size_t kMostUntaggedOfSession = 400'000;

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// A server's text as messages show it: printable and short. It may contain anything.
std::string for_display(std::string_view text) {
  const bool cut = text.size() > kDisplayed;
  return printable(text.substr(0, kDisplayed)) + (cut ? "..." : "");
}

/// Whether a response carries a mail, as the responses to FETCH do.
bool has_mail(const ImapResponse& response) {
  return std::ranges::any_of(
      response.words, [](const ImapWord& word) { return word.kind == ImapWord::Kind::Literal; });
}

/// The line after its first `words` words.
std::string after_words(std::string_view line, int words) {
  for (; words > 0; --words) line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
  return std::string(line);
}

}  // namespace

ImapSession::ImapSession(ImapWire wire, ImapLimits limits, Log trace)
    : wire_(std::move(wire)), reader_(wire_.receive, limits), trace_(std::move(trace)) {}

/// Sends a command and reads responses until the one with its tag. A refusal is final; a connection
/// that the server ends is retryable.
Result<Ok> ImapSession::command(const std::string& text, const OnResponse& on_response) {
  const std::string tag = fmt::format("R{}", ++commands_);
  if (trace_) trace_(fmt::format("> {} {}", tag, for_display(text)));
  TRY_OK(wire_.send(fmt::format("{} {}\r\n", tag, text)));
  for (std::size_t untagged = 0;; ++untagged) {
    if (untagged > kMostUntagged || untagged_ > kMostUntaggedOfSession) {
      return Error{
          fmt::format("the server violates the protocol: it sends more than {} responses "
                      "and does not complete the command",
                      kMostUntagged)};
    }
    TRY(ImapResponse response, reader_.next());
    const std::string& line = response.line;
    if (trace_) trace_("< " + for_display(line));
    const std::vector<ImapWord>& words = response.words;
    if (words.size() >= 2 && words[0].text == tag) {
      if (upper(words[1].text) == "OK") {
        if (on_response) on_response(std::move(response));
        return Ok{};
      }
      return Error{"the server refuses: " + for_display(after_words(line, 1))};
    }
    // Servers close idle or long connections and restart, so a new connection may succeed.
    if (words.size() >= 2 && words[0].text == "*" && upper(words[1].text) == "BYE") {
      return Error{.what = "the server closes the connection: " + for_display(after_words(line, 2)),
                   .retryable = true};
    }
    if (!has_mail(response)) ++untagged_;
    if (on_response) on_response(std::move(response));
  }
}

Result<bool> ImapSession::can(const std::string& capability) {
  // After the login, because servers announce fewer capabilities before it.
  if (capabilities_.empty()) {
    TRY_OK(command("CAPABILITY", [this](ImapResponse&& response) {
      if (response.words.size() < 2 || upper(response.words[1].text) != "CAPABILITY") return;
      for (const ImapWord& word : response.words) capabilities_.insert(upper(word.text));
    }));
  }
  return capabilities_.contains(capability);
}

Result<ImapFolder> ImapSession::select(const std::string& folder) {
  TRY(const std::string name, imap_folder(folder));
  ImapFolder selected;
  const Result<Ok> done = command("SELECT " + name, [&](ImapResponse&& response) {
    const std::string line = upper(response.line);
    if (const auto number = code_number(response, "UIDVALIDITY")) selected.uid_validity = *number;
    if (line.find("[PERMANENTFLAGS ") != line.npos) {
      // RFC 3501 section 7.1: "\*" means that clients may create keywords.
      selected.keeps_keywords = line.find("\\*") != line.npos;
    }
    if (line.find("[READ-ONLY]") != line.npos) selected.writable = false;
  });
  if (!done) return within(fmt::format("folder {}", printable(folder)), done.error());
  return selected;
}

Result<Ok> ImapSession::ensure_folder(const std::string& folder) {
  TRY(const std::string name, imap_folder(folder));
  const std::string where = fmt::format("folder {}", printable(folder));
  // CREATE of an existing folder is an error that has no code of its own, so STATUS asks first.
  Result<Ok> exists = command("STATUS " + name + " (UIDVALIDITY)");
  if (!exists && !exists.error().retryable) exists = command("CREATE " + name);
  return exists ? exists : Result<Ok>(within(where, exists.error()));
}

Result<Uids> ImapSession::search(const std::string& criteria) {
  Uids uids;
  TRY_OK(command("UID SEARCH " + criteria, [&](ImapResponse&& response) {
    const Uids some = search_result(response);
    uids.insert(uids.end(), some.begin(), some.end());
  }));
  // Servers may return the numbers in any order and in several responses.
  std::ranges::sort(uids);
  const auto repeated = std::ranges::unique(uids);
  uids.erase(repeated.begin(), repeated.end());
  return uids;
}

Result<Ok> ImapSession::fetch(const std::string& set,
                              const std::function<void(ImapMail&&)>& receive) {
  // PEEK does not set \Seen (RFC 3501 section 6.4.5): a fetched mail is not stored yet.
  return command("UID FETCH " + set + " (UID BODY.PEEK[])", [&](ImapResponse&& response) {
    if (std::optional<ImapMail> mail = mail_of(std::move(response))) receive(std::move(*mail));
  });
}

Result<Ok> ImapSession::flag(const std::string& set, const std::string& flag) {
  return command(fmt::format("UID STORE {} +FLAGS.SILENT ({})", set, flag));
}

Result<Ok> ImapSession::move(const std::string& set, const std::string& folder) {
  TRY(const std::string name, imap_folder(folder));
  TRY(const bool moves, can("MOVE"));
  if (moves) return command(fmt::format("UID MOVE {} {}", set, name));
  TRY(const bool expunges, can("UIDPLUS"));
  // The copy first: an interruption between the commands leaves a mail in two folders, not in none.
  TRY_OK(command(fmt::format("UID COPY {} {}", set, name)));
  TRY_OK(flag(set, "\\Seen \\Deleted"));
  // A plain EXPUNGE would also remove mails that others marked as deleted.
  return expunges ? command("UID EXPUNGE " + set) : Ok{};
}

/// Everything is done by then, so the answer does not matter.
void ImapSession::log_out() { (void)command("LOGOUT"); }

}  // namespace rampart::reports
