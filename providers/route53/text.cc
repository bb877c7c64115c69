/// Between our escapes, which are decimal (RFC 1035 section 5.1), and Route 53's octal ones.
#include "providers/route53/text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "dns/escape.h"
#include "dns/rdata.h"
#include "dns/txt.h"

namespace rampart::route53 {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

/// What becomes of an escaped character such as `\"`, which is not written as digits.
enum class Escapes { Kept, Octal };

/// Every `\DDD` as `\ooo`. Sent in the form in which the host stores it, so that a later DELETE
/// matches.
std::string to_octal(std::string_view text, Escapes characters) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<Escaped> escaped =
        text[at] == '\\' ? read_escape(text.substr(at)) : std::nullopt;
    if (!escaped) {
      out += text[at++];
      continue;
    }
    if (escaped->length == 4 || characters == Escapes::Octal) {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(escaped->octet));
    } else {
      out += text.substr(at, escaped->length);
    }
    at += escaped->length;
  }
  return out;
}

/// Every `\ooo` as `\DDD`. A backslash before any other digit escapes just that digit, which is
/// written as `\DDD` too, so that it cannot be read as the start of a longer escape. The host drops
/// a backslash before other characters.
std::string to_decimal(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at++];
      continue;
    }
    const std::string_view digits = text.substr(at + 1, 3);
    if (digits.size() == 3 && digits[0] <= '3' && is_octal(digits[0]) && is_octal(digits[1]) &&
        is_octal(digits[2])) {
      const int value = (digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0');
      out += decimal_escape(static_cast<char>(value));
      at += 4;
    } else {
      const char c = text[at + 1];
      out += is_digit(c) ? decimal_escape(c) : std::string{'\\', c};
      at += 2;
    }
  }
  return out;
}

}  // namespace

std::string name_text(const Name& name) {
  // A dot or a backslash in a label is written in octal too: the only documented form.
  const std::string text = to_octal(name.text(), Escapes::Octal);
  return name.is_root() ? text : text + ".";
}

Result<Name> read_name(std::string_view text) { return Name::parse(to_decimal(text)); }

std::string value_text(RecordType type, std::string_view value) {
  return to_octal(print_rdata(type, value), Escapes::Kept);
}

// TXT is joined to its octets, because the host keeps the split of its writer.
Result<std::string> read_value(RecordType type, std::string_view text) {
  const std::string decimal = to_decimal(text);
  if (type == RecordType::TXT || type == RecordType::SPF) return unquote_txt(decimal);
  return canonical_rdata(type, decimal);
}

}  // namespace rampart::route53
