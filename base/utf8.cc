#include "base/utf8.h"

#include <array>
#include <cstdint>

namespace rampart {
namespace {

// The shapes of RFC 3629 section 3, by the number of octets.
struct Form {
  std::uint8_t mask;
  std::uint8_t lead;
  std::size_t octets;
  char32_t least;  ///< Anything smaller would be an overlong form.
};

constexpr std::array<Form, 4> kForms = {{
    {0x80, 0x00, 1, 0},
    {0xE0, 0xC0, 2, 0x80},
    {0xF0, 0xE0, 3, 0x800},
    {0xF8, 0xF0, 4, 0x10000},
}};

// Surrogates are halves of UTF-16 and no characters; some decoders pair them up into others.
bool is_scalar(char32_t value) { return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF); }

std::optional<CodePoint> read_form(const Form& form, std::string_view text) {
  if (text.size() < form.octets) return std::nullopt;
  char32_t value = static_cast<std::uint8_t>(text[0]) & static_cast<std::uint8_t>(~form.mask);
  for (std::size_t i = 1; i < form.octets; ++i) {
    const auto octet = static_cast<std::uint8_t>(text[i]);
    // Every octet after the first begins with the bits 10; a text that is cut off fails here too.
    if ((octet & 0xC0) != 0x80) return std::nullopt;
    value = (value << 6) | (octet & 0x3F);
  }
  if (value < form.least || !is_scalar(value)) return std::nullopt;
  return CodePoint{value, form.octets};
}

}  // namespace

std::optional<CodePoint> first_code_point(std::string_view text) {
  if (text.empty()) return std::nullopt;
  for (const Form& form : kForms) {
    if ((static_cast<std::uint8_t>(text[0]) & form.mask) == form.lead) {
      return read_form(form, text);
    }
  }
  return std::nullopt;
}

bool is_unsafe_to_show(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C || c == 0x180E ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

}  // namespace rampart
