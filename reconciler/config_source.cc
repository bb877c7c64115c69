/// Places in a file's text, and the errors that point at them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "reconciler/config_yaml.h"

namespace rampart {
namespace config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::array<std::string_view, 24> kSecretKeys = {
    "access_key_id", "api_key",      "api_secret",        "api_token",  "api_url",
    "apikey",        "auth_token",   "base_url",          "credential", "credentials",
    "endpoint",      "endpoint_url", "passphrase",        "passwd",     "password",
    "private_key",   "secret",       "secret_access_key", "secret_key", "session_token",
    "token",         "tsig_key",     "tsig_secret",       "url",
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

bool is_tail(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_tail(c); }));
}

// `line` cut after the first key that looks like a secret, so that no error repeats one.
std::string redacted(std::string_view line) {
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    std::size_t end = colon;
    while (end > 0 && (line[end - 1] == '"' || line[end - 1] == '\'' || line[end - 1] == ' '))
      --end;
    std::size_t begin = end;
    while (begin > 0 && is_word(line[begin - 1])) --begin;
    if (looks_secret(line.substr(begin, end - begin)) && colon + 1 < line.size()) {
      return std::string(line.substr(0, colon + 1)) + " ...";
    }
  }
  return std::string(line);
}

}  // namespace

bool looks_secret(std::string_view key) {
  std::string plain(key);
  for (char& c : plain)
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::binary_search(kSecretKeys, std::string_view(plain));
}

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

Mark Source::mark(int number, int octet) const {
  if (ascii_) return {path_, number, octet};
  const std::string_view before = line(number).substr(
      0, std::min(line(number).size(), static_cast<std::size_t>(std::max(octet - 1, 0))));
  return {path_, number, static_cast<int>(characters(before)) + 1};
}

ConfigError Source::error(const Mark& mark, std::string code, std::string message,
                          std::string hint) const {
  return {path_,
          mark.line,
          mark.column,
          std::move(code),
          std::move(message),
          std::move(hint),
          redacted(line(mark.line))};
}

}  // namespace config

std::string to_text(const ConfigError& error) {
  std::string text =
      fmt::format("{}:{}:{}: error: {}\n", error.file, error.line, error.column, error.message);
  if (!error.source.empty()) {
    // Tabs stay tabs, so that the caret stands below its character in any terminal.
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
  if (!error.hint.empty()) text += fmt::format("  hint: {}\n", error.hint);
  return text;
}

}  // namespace rampart
