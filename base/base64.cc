#include "base/base64.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace rampart {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The inverse of the alphabet, -1 for every other octet: one look-up a character, since keys and
// attached reports are decoded in bulk.
constexpr std::array<std::int8_t, 256> kDigits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return digits;
}();

// Octets that cannot be printed are named by number: the text may come from a hostile mail.
Error bad_character(char c) {
  const auto code = static_cast<unsigned char>(c);
  if (code > ' ' && code < 0x7f) {
    return Error{.what = fmt::format("`{}` is not a base64 character", c)};
  }
  return Error{.what = fmt::format("octet {} is not a base64 character", code)};
}

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    // A wrong character is the better explanation: with it the text is no base64 of any length.
    const auto wrong = std::ranges::find_if(
        text, [](char c) { return c != '=' && kDigits[static_cast<unsigned char>(c)] < 0; });
    if (wrong != text.end()) return bad_character(*wrong);
    return Error{.what = fmt::format("it has {} characters, and base64 has a multiple of four",
                                     text.size())};
  }
  // Not OpenSSL's decoder: it skips blanks and accepts unused bits that are not zero, so two
  // different texts would be the same key.
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string octets;
  octets.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const int digit = kDigits[static_cast<unsigned char>(c)];
    if (digit < 0) return bad_character(c);
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    octets += static_cast<char>((bits >> held) & 0xff);
  }
  // RFC 4648 section 3.5: the bits that no octet uses are zero.
  if ((bits & ((1U << held) - 1)) != 0) {
    return Error{.what = "the last base64 character has unused bits that are not zero"};
  }
  return octets;
}

std::string encode_base64(std::string_view octets) {
  std::string text((octets.size() + 2) / 3 * 4, '\0');
  // EVP_EncodeBlock writes a final NUL too; a std::string has room for it behind its end.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(octets.data()),
                  static_cast<int>(octets.size()));
  return text;
}

}  // namespace rampart
