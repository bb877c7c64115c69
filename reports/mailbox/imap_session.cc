/// The dialogue with a mail server.
#include "reports/mailbox/imap_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "dns/txt.h"

namespace rampart::reports {
namespace {

constexpr std::size_t kShown = 200;

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// What a server says, for a person: printable and short.
std::string shown(std::string_view text) {
  const bool cut = text.size() > kShown;
  return printable(text.substr(0, kShown)) + (cut ? "..." : "");
}

/// What stands behind the first `words` words.
std::string behind(std::string_view line, int words) {
  for (; words > 0; --words) line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
  return std::string(line);
}

}  // namespace

ImapSession::ImapSession(ImapWire wire, ImapLimits limits, Log trace)
    : wire_(std::move(wire)), reader_(wire_.receive, limits), trace_(std::move(trace)) {}

/// Sends a command and takes what comes until it is answered.
Result<Ok> ImapSession::command(const std::string& text, const Take& take) {
  const std::string tag = fmt::format("R{}", ++commands_);
  if (trace_) trace_(fmt::format("> {} {}", tag, shown(text)));
  if (Result<Ok> sent = wire_.send(fmt::format("{} {}\r\n", tag, text)); !sent) return sent;
  for (;;) {
    Result<ImapResponse> response = reader_.next();
    if (!response) return response.error();
    const std::string& line = response->line;
    if (trace_) trace_("< " + shown(line));
    const std::vector<ImapWord>& words = response->words;
    if (words.size() >= 2 && words[0].text == tag) {
      if (upper(words[1].text) == "OK") {
        if (take) take(std::move(response).value());
        return Ok{};
      }
      return Error{"the server says: " + shown(behind(line, 1))};
    }
    if (words.size() >= 2 && words[0].text == "*" && upper(words[1].text) == "BYE") {
      return Error{.what = "the server takes its leave: " + shown(behind(line, 2)),
                   .retryable = true};
    }
    if (take) take(std::move(response).value());
  }
}

Result<bool> ImapSession::can(const std::string& capability) {
  if (capabilities_.empty()) {
    const Result<Ok> asked = command("CAPABILITY", [this](ImapResponse&& response) {
      if (response.words.size() < 2 || upper(response.words[1].text) != "CAPABILITY") return;
      for (const ImapWord& word : response.words) capabilities_.insert(upper(word.text));
    });
    if (!asked) return asked.error();
  }
  return capabilities_.contains(capability);
}

Result<ImapFolder> ImapSession::select(const std::string& folder) {
  const Result<std::string> name = imap_folder(folder);
  if (!name) return name.error();
  ImapFolder chosen;
  const Result<Ok> done = command("SELECT " + *name, [&](ImapResponse&& response) {
    const std::string line = upper(response.line);
    if (const auto number = code_number(response, "UIDVALIDITY")) chosen.uid_validity = *number;
    if (line.find("[PERMANENTFLAGS ") != line.npos) {
      chosen.keeps_keywords = line.find("\\*") != line.npos;
    }
    if (line.find("[READ-ONLY]") != line.npos) chosen.writable = false;
  });
  if (!done) return within(fmt::format("folder {}", printable(folder)), done.error());
  return chosen;
}

Result<Ok> ImapSession::need_folder(const std::string& folder) {
  const Result<std::string> name = imap_folder(folder);
  if (!name) return name.error();
  const std::string where = fmt::format("folder {}", printable(folder));
  const Result<Ok> there = command("STATUS " + *name + " (UIDVALIDITY)");
  if (there) return Ok{};
  if (there.error().retryable) return within(where, there.error());
  const Result<Ok> made = command("CREATE " + *name);
  return made ? made : Result<Ok>(within(where, made.error()));
}

Result<Uids> ImapSession::search(const std::string& criteria) {
  Uids uids;
  const Result<Ok> done = command("UID SEARCH " + criteria, [&](ImapResponse&& response) {
    const Uids some = found_by(response);
    uids.insert(uids.end(), some.begin(), some.end());
  });
  if (!done) return done.error();
  std::ranges::sort(uids);
  const auto twice = std::ranges::unique(uids);
  uids.erase(twice.begin(), twice.end());
  return uids;
}

Result<Ok> ImapSession::fetch(const std::string& set, const std::function<void(ImapMail&&)>& take) {
  // PEEK: a mail that is fetched is not yet one that is stored (RFC 3501 section 6.4.5).
  return command("UID FETCH " + set + " (UID BODY.PEEK[])", [&](ImapResponse&& response) {
    if (std::optional<ImapMail> mail = mail_of(std::move(response))) take(std::move(*mail));
  });
}

Result<Ok> ImapSession::flag(const std::string& set, const std::string& flag) {
  return command(fmt::format("UID STORE {} +FLAGS.SILENT ({})", set, flag));
}

Result<Ok> ImapSession::move(const std::string& set, const std::string& folder) {
  const Result<std::string> name = imap_folder(folder);
  if (!name) return name.error();
  const Result<bool> moves = can("MOVE");
  if (!moves) return moves.error();
  if (*moves) return command(fmt::format("UID MOVE {} {}", set, *name));
  const Result<bool> expunges = can("UIDPLUS");
  if (!expunges) return expunges.error();
  if (Result<Ok> copied = command(fmt::format("UID COPY {} {}", set, *name)); !copied) {
    return copied;
  }
  // Without UIDPLUS an EXPUNGE would take with it what others have marked as deleted.
  if (Result<Ok> gone = flag(set, "\\Seen \\Deleted"); !gone || !*expunges) return gone;
  return command("UID EXPUNGE " + set);
}

void ImapSession::log_out() { (void)command("LOGOUT"); }

}  // namespace rampart::reports
