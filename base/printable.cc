/// Record texts, file names and mails come from third parties; printed as they are, they could move
/// the cursor, hide text, imitate output or run a command of the CI system.
#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"

namespace rampart {
namespace {

/// .NET trims these before it looks for a command (Unicode category Zs, and line ends).
bool is_trimmed(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

/// `text` without the blanks at its beginning.
std::string_view without_blanks(std::string_view text) {
  for (;;) {
    const std::optional<CodePoint> point = first_code_point(text);
    if (!point || !is_trimmed(point->value)) return text;
    text.remove_prefix(point->octets);
  }
}

/// "::error file=x::text", but not an IPv6 address: each command has a letter that is no hex digit.
bool begins_command(std::string_view text) {
  if (!text.starts_with("::")) return false;
  text.remove_prefix(2);
  const auto end = std::ranges::find_if_not(text, [](char c) { return is_alnum(c) || c == '-'; });
  const std::string_view word(text.data(), static_cast<std::size_t>(end - text.begin()));
  return std::ranges::any_of(word, [](char c) {
    return c == '-' || (is_alpha(c) && (to_lower(c) < 'a' || to_lower(c) > 'f'));
  });
}

std::string escaped(char octet) {
  return fmt::format("\\{:03}", static_cast<unsigned char>(octet));
}

}  // namespace

std::size_t command_at_start(std::string_view text) {
  const std::string_view rest = without_blanks(text);
  return begins_command(rest) ? static_cast<std::size_t>(rest.data() - text.data()) : text.npos;
}

std::string printable(std::string_view octets) {
  std::string text;
  const std::size_t command = command_at_start(octets);
  const char* const stop = command == octets.npos ? nullptr : octets.data() + command;
  while (!octets.empty()) {
    // CI runners take "##[command]" as a command wherever it is in a line, and "::command::" at its
    // beginning.
    if (octets.starts_with("##[")) {
      text += '#' + escaped('#');
      octets.remove_prefix(2);
      continue;
    }
    const std::optional<CodePoint> point = first_code_point(octets);
    const std::size_t length = point ? point->octets : 1;
    const bool safe = point && !is_unsafe_to_show(point->value) && octets.data() != stop;
    // Valid, harmless UTF-8 stays readable.
    for (const char c : octets.substr(0, length)) text += safe ? std::string(1, c) : escaped(c);
    octets.remove_prefix(length);
  }
  return text;
}

std::string without_userinfo(std::string_view text) {
  constexpr std::string_view kEnd = " \t\r\n\"'`<>";
  std::string out;
  for (;;) {
    const std::size_t scheme = text.find("://");
    if (scheme == text.npos) break;
    const std::size_t begin = scheme + 3;
    out += text.substr(0, begin);
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kEnd));
    const std::size_t at = word.rfind('@');
    if (at == word.npos) continue;
    out += "[redacted]";
    text.remove_prefix(at);
  }
  return out + std::string(text);
}

}  // namespace rampart
