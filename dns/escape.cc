#include "dns/escape.h"

#include "base/text.h"

namespace rampart {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) ||
         std::string_view("_-*/+=").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<Escaped> read_escape(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  if (!is_digit(text[1])) return Escaped{text[1], 2};
  if (text.size() < 4 || !is_digit(text[2]) || !is_digit(text[3])) return std::nullopt;
  const int value = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
  if (value > 255) return std::nullopt;
  return Escaped{static_cast<char>(value), 4};
}

std::string decimal_escape(char octet) {
  const auto value = static_cast<unsigned char>(octet);
  std::string text = "\\000";
  text[1] = static_cast<char>('0' + value / 100);
  text[2] = static_cast<char>('0' + value / 10 % 10);
  text[3] = static_cast<char>('0' + value % 10);
  return text;
}

std::string spell_label(std::string_view octets) {
  std::string text;
  for (const char raw : octets) {
    const char c = to_lower(raw);
    if (is_plain(c)) {
      text += c;
    } else if (c == '.' || c == '\\') {
      text += '\\';
      text += c;
    } else {
      text += decimal_escape(c);
    }
  }
  return text;
}

}  // namespace rampart
