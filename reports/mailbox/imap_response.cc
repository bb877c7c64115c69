/// Parses the responses of an IMAP server.
#include "reports/mailbox/imap_response.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/decimal.h"

namespace rampart::reports {
namespace {

Error protocol_error(const std::string& what) {
  return {.what = "the server violates the protocol: " + what};
}

/// The size of the literal announced at the end of a line: "... {310}" (RFC 3501 section 4.3).
std::optional<std::uint64_t> literal_size(std::string_view line) {
  if (!line.ends_with('}')) return {};
  const std::size_t open = line.rfind('{');
  if (open == line.npos) return {};
  return parse_decimal<std::uint64_t>(line.substr(open + 1, line.size() - open - 2));
}

constexpr std::string_view kSearch = "* SEARCH";

// Servers may write keywords in any case.
bool is_search(std::string_view line) {
  return same_ignoring_case(line.substr(0, kSearch.size()), kSearch);
}

/// Splits text without literals into words.
void split_words(std::string_view text, std::vector<ImapWord>& words) {
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ') {
      ++at;
    } else if (c == '(' || c == ')') {
      words.push_back({c == '(' ? ImapWord::Kind::Open : ImapWord::Kind::Close, std::string(1, c)});
      ++at;
    } else if (c == '"') {
      ImapWord word{ImapWord::Kind::Quoted, {}};
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        // RFC 3501 section 9: within quotes, a backslash precedes a quote or a backslash.
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        word.text += text[at];
      }
      ++at;
      words.push_back(std::move(word));
    } else {
      const std::size_t end = std::min(text.find_first_of(" ()\"", at), text.size());
      words.push_back({ImapWord::Kind::Atom, std::string(text.substr(at, end - at))});
      at = end;
    }
  }
}

}  // namespace

/// What was read is dropped here and not after each line, which would copy the rest of the buffer
/// for each.
Result<Ok> ImapReader::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  TRY(const std::string_view octets, receive_());
  buffer_ += octets;
  octets_ += octets.size();
  return Ok{};
}

Result<std::string> ImapReader::read_line(std::size_t most) {
  // Octets that had no line end are not searched again, or a long line would take quadratic time.
  std::size_t searched = at_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != buffer_.npos) {
      std::string line = buffer_.substr(at_, end - at_);
      at_ = end + 1;
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    const std::size_t waiting = buffer_.size() - at_;
    if (waiting > most) return protocol_error("a line that is too long");
    TRY_OK(fill());
    searched = waiting;
  }
}

Result<ImapWord> ImapReader::read_literal(std::uint64_t size) {
  // A mail that is too large is read and dropped, because the rest of the dialogue follows it.
  // Beyond this limit, that would take too long.
  if (size > limits_.skipped) return protocol_error("a mail of impossible size");
  ImapWord word{ImapWord::Kind::Literal, {}, size > limits_.literal};
  while (size > 0) {
    if (at_ == buffer_.size()) TRY_OK(fill());
    const std::size_t part = std::min<std::uint64_t>(size, buffer_.size() - at_);
    if (!word.too_large) word.text.append(buffer_, at_, part);
    at_ += part;
    size -= part;
  }
  return word;
}

Result<ImapResponse> ImapReader::next() {
  ImapResponse response;
  for (;;) {
    TRY(const std::string line,
        // The limit is for the whole response: literals cut it into many lines, each of which could
        // be short.
        read_line(limits_.line - std::min(limits_.line, response.line.size())));
    const std::optional<std::uint64_t> size = literal_size(line);
    const std::string_view text = line;
    // A search may return millions of numbers: search_result reads them from the line.
    if (!is_search(text))
      split_words(size ? text.substr(0, text.rfind('{')) : text, response.words);
    response.line += text;
    if (response.words.size() > limits_.words)
      return protocol_error("a response with too many words");
    if (!size) return response;
    TRY(ImapWord literal, read_literal(*size));
    response.words.push_back(std::move(literal));
  }
}

std::optional<ImapMail> mail_of(ImapResponse&& response) {
  std::vector<ImapWord>& words = response.words;
  if (words.size() < 4 || words[0].text != "*" || !same_ignoring_case(words[2].text, "FETCH"))
    return {};
  ImapMail mail;
  bool has_body = false;
  int depth = 0;
  // Names and values alternate at depth one; a value may be a list, such as the flags.
  for (std::size_t i = 3; i + 1 < words.size(); ++i) {
    if (words[i].kind == ImapWord::Kind::Open) ++depth;
    if (words[i].kind == ImapWord::Kind::Close) --depth;
    if (depth != 1 || words[i].kind != ImapWord::Kind::Atom) continue;
    ImapWord& value = words[i + 1];
    if (same_ignoring_case(words[i].text, "UID"))
      mail.uid = parse_decimal<std::uint32_t>(value.text).value_or(0);
    if (same_ignoring_case(words[i].text, "BODY[]") && value.kind != ImapWord::Kind::Open) {
      has_body = true;
      mail.too_large = value.too_large;
      // An atom is NIL, which servers send for a mail that another client removed meanwhile.
      if (value.kind != ImapWord::Kind::Atom) mail.octets = std::move(value.text);
    }
    if (value.kind != ImapWord::Kind::Open) ++i;
  }
  if (!has_body || mail.uid == 0) return {};
  return mail;
}

std::vector<std::uint32_t> search_result(const ImapResponse& response) {
  std::vector<std::uint32_t> uids;
  if (!is_search(response.line)) return uids;
  std::string_view rest = std::string_view(response.line).substr(kSearch.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const auto uid = parse_decimal<std::uint32_t>(rest.substr(0, end));
    if (uid && *uid > 0) uids.push_back(*uid);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return uids;
}

std::optional<std::uint32_t> code_number(const ImapResponse& response, std::string_view code) {
  const std::string_view line = response.line;
  const std::string opening = fmt::format("[{} ", code);
  const std::size_t at = line.find(opening);
  if (at == line.npos) return {};
  const std::string_view rest = line.substr(at + opening.size());
  return parse_decimal<std::uint32_t>(rest.substr(0, rest.find(']')));
}

std::string uid_set(const std::vector<std::uint32_t>& uids, std::size_t most, std::size_t& taken) {
  std::string text;
  taken = 0;
  while (taken < uids.size()) {
    std::size_t end = taken + 1;
    // Mails of one batch mostly have successive UIDs, so one range replaces hundreds of numbers.
    while (end < uids.size() && uids[end] == uids[end - 1] + 1) ++end;
    const std::string part = end - taken == 1 ? std::to_string(uids[taken])
                                              : fmt::format("{}:{}", uids[taken], uids[end - 1]);
    if (!text.empty() && text.size() + 1 + part.size() > most) break;
    text += (text.empty() ? "" : ",") + part;
    taken = end;
  }
  return text;
}

}  // namespace rampart::reports
