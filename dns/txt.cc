#include "dns/txt.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "dns/escape.h"

namespace rampart {
namespace {

constexpr std::size_t kMostOctets = 255;

// By position and not by quoting: the text may be long or contain control characters.
Error bad_escape(std::size_t at) {
  return Error{.what = "bad escape at character " + std::to_string(at + 1) +
                       R"(: write \\ for a backslash, or \DDD with three digits up to 255)"};
}

Result<std::string> unquote_plain(std::string_view text) {
  std::string joined;
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<std::size_t> next = read_octet(text, at, joined);
    if (!next) return bad_escape(at);
    at = *next;
  }
  return joined;
}

// Reads the quoted string that opens at `text[at]` and returns the index after it.
Result<std::size_t> read_quoted(std::string_view text, std::size_t at, std::string& joined) {
  const std::size_t opened = at++;
  while (at < text.size() && text[at] != '"') {
    const std::optional<std::size_t> next = read_octet(text, at, joined);
    if (!next) return bad_escape(at);
    at = *next;
  }
  if (at >= text.size()) {
    return Error{.what =
                     "the quote at character " + std::to_string(opened + 1) + " is never closed"};
  }
  return at + 1;
}

Result<std::string> unquote_strings(std::string_view text) {
  std::string joined;
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    if (text[at] != '"') {
      return Error{.what = "unquoted text at character " + std::to_string(at + 1) +
                           ", after a quoted string"};
    }
    TRY(at, read_quoted(text, at, joined));
  }
  return joined;
}

}  // namespace

std::vector<std::string> cut_txt(std::string_view joined) {
  std::vector<std::string> strings;
  // At least one string, also for an empty value: a TXT record without strings does not exist (RFC
  // 1035 section 3.3.14).
  do {
    strings.emplace_back(joined.substr(0, kMostOctets));
    joined.remove_prefix(std::min(joined.size(), kMostOctets));
  } while (!joined.empty());
  return strings;
}

std::string quote_txt(std::string_view joined) {
  std::string text;
  for (const std::string& string : cut_txt(joined)) {
    text += text.empty() ? "\"" : " \"";
    for (const char c : string) {
      if (c == '"' || c == '\\') {
        text += '\\';
        text += c;
      } else if (c < ' ' || c > '~') {
        text += decimal_escape(c);
      } else {
        text += c;
      }
    }
    text += '"';
  }
  return text;
}

Result<std::string> unquote_txt(std::string_view text) {
  // Some hosts show the quoted strings of a zone file, others the joined text alone.
  const auto first = std::ranges::find_if_not(text, is_blank);
  const bool quoted = first != text.end() && *first == '"';
  return quoted ? unquote_strings(text) : unquote_plain(text);
}

}  // namespace rampart
