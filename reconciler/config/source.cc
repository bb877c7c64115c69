/// Positions in a file's text, and errors that point at them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/printable.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dns/txt.h"
#include "reconciler/config/yaml.h"

namespace rampart {
namespace config {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD, one column wide.
// A key on one endless line (minified YAML, an attack) must not flood a terminal or a CI log.
constexpr std::size_t kLongestLine = 300;
constexpr std::size_t kLongestMessage = 500;

// Keys under which people write secrets, or API addresses: a pull request that could change where
// a credential is sent could steal it.
constexpr std::array<std::string_view, 24> kSecretKeys = {
    "access_key_id", "api_key",      "api_secret",        "api_token",  "api_url",
    "apikey",        "auth_token",   "base_url",          "credential", "credentials",
    "endpoint",      "endpoint_url", "passphrase",        "passwd",     "password",
    "private_key",   "secret",       "secret_access_key", "secret_key", "session_token",
    "token",         "tsig_key",     "tsig_secret",       "url",
};

static_assert(std::ranges::is_sorted(kSecretKeys));

bool is_key_char(char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '-'; }

// Whether `c` continues a UTF-8 character.
// Columns count characters as editors do, so continuation octets (RFC 3629 section 3) count for
// nothing.
bool is_tail(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_tail(c); }));
}

constexpr std::string_view kPem = "PRIVATE KEY-----";
// The shortest private key, one of Ed25519, has 64 characters.
constexpr std::size_t kShortestKey = 40;

// Whether base64 begins a private key in DER: a SEQUENCE whose first element is the version 0 or 1
// (RFC 5208 section 5, RFC 8017 appendix A.1.2, RFC 5915 section 3). Public keys begin otherwise.
bool begins_private_key(std::string_view base64) {
  const Result<std::string> der = decode_base64(base64.substr(0, kShortestKey));
  if (!der || (*der)[0] != 0x30) return false;
  // The length is one octet, or a count of octets that follow it.
  const auto length = static_cast<unsigned char>((*der)[1]);
  const std::size_t at = 2 + (length < 0x80 ? 0 : length & 0x7FU);
  constexpr std::string_view kVersion("\x02\x01", 2);
  if (at + 3 > der->size() || der->substr(at, 2) != kVersion) return false;
  return (*der)[at + 2] == 0 || (*der)[at + 2] == 1;
}

// Where a private key begins, as PEM or as bare base64; npos where there is none.
std::size_t private_key_at(std::string_view text) {
  const std::size_t pem = text.find(kPem);
  const auto is_base64 = [](char c) { return is_alnum(c) || c == '+' || c == '/'; };
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::ranges::find_if_not(text.substr(at), is_base64);
    const auto length = static_cast<std::size_t>(end - text.substr(at).begin());
    if (length >= kShortestKey && begins_private_key(text.substr(at, length))) {
      return std::min(at, pem);
    }
    at += length + 1;
  }
  return pem;
}

// `text` up to a private key, and without passwords in URLs.
std::string without_keys(std::string_view text) {
  const std::size_t key = private_key_at(text);
  if (key == text.npos) return without_userinfo(text);
  return without_userinfo(text.substr(0, key)) + "[private key]";
}

// Any key of an included file may be another program's, so more words count than for our own keys.
bool names_secret(std::string_view key) {
  const std::string lower = ascii_lower(key);
  constexpr std::array kWords = {"password", "passwd", "passphrase", "secret",
                                 "token",    "apikey", "api_key",    "credential"};
  return looks_secret(key) || std::ranges::any_of(kWords, [&lower](const char* word) {
           return lower.find(word) != lower.npos;
         });
}

// `line` cut off after the first key that looks like a secret: error messages end up in CI logs,
// which more people read than the file.
std::string redacted(std::string_view line) {
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    std::size_t end = colon;
    while (end > 0 && (line[end - 1] == '"' || line[end - 1] == '\'' || line[end - 1] == ' '))
      --end;
    std::size_t begin = end;
    while (begin > 0 && is_key_char(line[begin - 1])) --begin;
    if (names_secret(line.substr(begin, end - begin)) && colon + 1 < line.size()) {
      return std::string(line.substr(0, colon + 1)) + " ...";
    }
  }
  return std::string(line);
}

// `text` as a terminal may show it, no more than `most` octets. As `printable`, but what is unsafe
// becomes one character, so that the caret stays under its column.
std::string escaped(std::string_view text, std::size_t most) {
  std::string out;
  const std::size_t at = command_at_start(text);
  const char* const begin = at == text.npos ? nullptr : text.data() + at;
  while (!text.empty() && out.size() < most) {
    const auto point = first_code_point(text);
    const bool unsafe = !point || (point->value != '\t' && is_unsafe_to_show(point->value));
    // The second "#" of "##[command]", which may be anywhere in a line.
    const bool command = out.ends_with('#') && text.starts_with("#[");
    const std::size_t octets = point ? point->octets : 1;
    if (unsafe || command || text.data() == begin) {
      out += kReplacement;
    } else {
      out += text.substr(0, octets);
    }
    text.remove_prefix(octets);
  }
  if (!text.empty()) out += " ...";
  return out;
}

}  // namespace

bool holds_private_key(std::string_view text) {
  return text.size() >= kPem.size() && private_key_at(text) != text.npos;
}

bool looks_secret(std::string_view key) {
  std::string plain = ascii_lower(key);
  std::ranges::replace(plain, '-', '_');
  return std::ranges::binary_search(kSecretKeys, std::string_view(plain));
}

// ASCII files, which are most, need no counting of characters for columns.
Source::Source(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)) {
  if (text_.starts_with(kByteOrderMark)) text_.erase(0, kByteOrderMark.size());
  starts_.push_back(0);
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    starts_.push_back(at + 1);
  }
  ascii_ = std::ranges::all_of(text_, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string_view Source::line(int number) const {
  if (number < 1 || static_cast<std::size_t>(number) > starts_.size()) return {};
  const auto index = static_cast<std::size_t>(number) - 1;
  const std::size_t end = index + 1 < starts_.size() ? starts_[index + 1] - 1 : text_.size();
  std::string_view line = std::string_view(text_).substr(starts_[index], end - starts_[index]);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Only files with other characters than ASCII pay for counting: a thousand domains are read in
// every run.
Mark Source::mark(int number, int octet) const {
  if (ascii_) return {path_, number, octet};
  const std::string_view whole = line(number);
  const auto before = static_cast<std::size_t>(std::max(octet - 1, 0));
  return {path_, number, static_cast<int>(characters(whole.substr(0, before))) + 1};
}

ConfigError Source::error(const Mark& mark, std::string code, std::string message,
                          std::string hint) const {
  // A caret far to the right would not fit on a screen: the line is left out then.
  const bool shown = mark.column < static_cast<int>(kLongestLine);
  return {path_,
          mark.line,
          mark.column,
          std::move(code),
          escaped(without_keys(message), kLongestMessage),
          escaped(without_keys(hint), kLongestMessage),
          shown ? escaped(without_keys(redacted(line(mark.line))), kLongestLine) : ""};
}

}  // namespace config

// The form of compiler errors, which editors and CI systems recognize and link.
std::string to_text(const ConfigError& error) {
  std::string text = fmt::format("{}:{}:{}: error: {}\n", printable(error.file), error.line,
                                 error.column, printable(error.message));
  if (!error.source.empty()) {
    // Tabs stay tabs, so that the caret is under its character at every tab width.
    std::string blanks;
    int column = 1;
    for (const char c : error.source) {
      if (column >= error.column) break;
      if (config::is_tail(c)) continue;
      blanks += c == '\t' ? '\t' : ' ';
      ++column;
    }
    text += fmt::format("    {}\n    {}^\n", error.source, blanks);
  }
  if (!error.hint.empty()) text += fmt::format("  hint: {}\n", printable(error.hint));
  return text;
}

}  // namespace rampart
