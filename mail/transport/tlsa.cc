#include "mail/transport/tlsa.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/decimal.h"
#include "base/text.h"

namespace rampart {
namespace {

// Digits of a SHA-256 and a SHA-512 digest.
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kSha512Digits = 128;

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

/// The next word of `text`, which is shortened by it.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

Result<TlsaRecord> parse_tlsa(std::string_view text) {
  TlsaRecord record;
  for (std::uint8_t* field : {&record.usage, &record.selector, &record.matching}) {
    const auto number = parse_decimal<std::uint8_t>(next_word(text));
    if (!number) return Error{.what = "one of the first three fields is no number up to 255"};
    *field = *number;
  }
  // RFC 6698 section 2.2: blanks are allowed within the digits.
  for (std::string_view part = next_word(text); !part.empty(); part = next_word(text)) {
    record.data += ascii_lower(part);
  }
  const bool digits = std::ranges::all_of(record.data, is_hex) && record.data.size() % 2 == 0;
  if (record.data.empty() || !digits) return Error{.what = "its data is not hexadecimal"};
  return record;
}

// In the order of the fields: the first obstacle is enough for a sender to skip the record.
std::string unusable_for_smtp(const TlsaRecord& record) {
  if (record.usage < 2 || record.usage > 3) {
    return fmt::format("usage {} is not used for mail, only 2 and 3 are", record.usage);
  }
  if (record.selector > 1) return fmt::format("selector {} is unknown", record.selector);
  if (record.matching > 2) return fmt::format("matching type {} is unknown", record.matching);
  const std::size_t digits = record.matching == 1   ? kSha256Digits
                             : record.matching == 2 ? kSha512Digits
                                                    : record.data.size();
  if (record.data.size() == digits) return {};
  return fmt::format("its data has {} octets where matching type {} has {}", record.data.size() / 2,
                     record.matching, digits / 2);
}

}  // namespace rampart
