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
  // RFC 1035 section 5.1: a backslash before anything but a digit means that character.
  if (!is_digit(text[1])) return Escaped{text[1], 2};
  if (text.size() < 4 || !is_digit(text[2]) || !is_digit(text[3])) return std::nullopt;
  const int value = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
  if (value > 255) return std::nullopt;
  return Escaped{static_cast<char>(value), 4};
}

std::optional<std::size_t> read_octet(std::string_view text, std::size_t at, std::string& out) {
  if (text[at] != '\\') {
    out += text[at];
    return at + 1;
  }
  const std::optional<Escaped> escaped = read_escape(text.substr(at));
  if (!escaped) return std::nullopt;
  out += escaped->octet;
  return at + escaped->length;
}

std::string decimal_escape(char octet) {
  // Not fmt::format: this runs for every unusual octet of every record.
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
    // RFC 4343: names compare without case, so one spelling is kept and compared by octets.
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
