#include "dns/zonefile/generate.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "base/decimal.h"

namespace rampart {
namespace {

constexpr std::int64_t kMostNumber = 2147483647;  // As in BIND.
constexpr std::size_t kMostWidth = 255;           // Longer than any name or string.

struct NumberRange {
  std::int64_t start = 0;
  std::int64_t stop = 0;
  std::int64_t step = 1;
};

std::optional<NumberRange> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (dash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto start = parse_decimal<std::int64_t>(text.substr(0, dash));
  const auto stop = parse_decimal<std::int64_t>(text.substr(dash + 1, slash - dash - 1));
  const auto step = slash == text.size() ? std::optional<std::int64_t>(1)
                                         : parse_decimal<std::int64_t>(text.substr(slash + 1));
  if (!start || !stop || !step || *start > *stop || *stop > kMostNumber) return std::nullopt;
  if (*step < 1 || *step > kMostNumber) return std::nullopt;
  return NumberRange{*start, *stop, *step};
}

/// How one "$" of a template prints the number.
struct NumberForm {
  std::int64_t offset = 0;
  std::size_t width = 0;
  char base = 'd';
};

/// Reads "{OFFSET,WIDTH,BASE}", of which the later parts may be left out; nullopt for other text.
std::optional<NumberForm> parse_form(std::string_view text) {
  NumberForm form;
  const std::size_t first = std::min(text.find(','), text.size());
  const std::string_view offset = text.substr(0, first);
  const bool negative = offset.starts_with('-');
  const auto size = parse_decimal<std::int64_t>(offset.substr(negative ? 1 : 0));
  if (!size || *size > kMostNumber) return std::nullopt;
  form.offset = negative ? -*size : *size;
  if (first == text.size()) return form;
  const std::string_view rest = text.substr(first + 1);
  const std::size_t second = std::min(rest.find(','), rest.size());
  const auto width = parse_decimal<std::size_t>(rest.substr(0, second));
  if (!width || *width > kMostWidth) return std::nullopt;
  form.width = *width;
  if (second == rest.size()) return form;
  const std::string_view base = rest.substr(second + 1);
  if (base.size() != 1 || std::string_view("doxXnN").find(base[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  form.base = base[0];
  return form;
}

constexpr std::string_view kLowerDigits = "0123456789abcdef";
constexpr std::string_view kUpperDigits = "0123456789ABCDEF";

/// Hexadecimal digits from the lowest on, with dots between; `width` counts digits and dots.
std::string nibbles_of(std::int64_t number, std::size_t width, std::string_view digits) {
  std::string text;
  do {
    if (!text.empty()) text += '.';
    text += digits[static_cast<std::size_t>(number & 15)];
    number >>= 4;
  } while (number > 0 || text.size() < width);
  return text;
}

/// The number as the form prints it; nullopt for a negative one, which no base of it has.
std::optional<std::string> print_number(std::int64_t number, const NumberForm& form) {
  number += form.offset;
  if (number < 0) return std::nullopt;
  const auto width = static_cast<int>(form.width);
  switch (form.base) {
    case 'o':
      return fmt::format("{:0{}o}", number, width);
    case 'x':
      return fmt::format("{:0{}x}", number, width);
    case 'X':
      return fmt::format("{:0{}X}", number, width);
    case 'n':
      return nibbles_of(number, form.width, kLowerDigits);
    case 'N':
      return nibbles_of(number, form.width, kUpperDigits);
    default:
      return fmt::format("{:0{}}", number, width);
  }
}

/// A template with its numbers filled in; nullopt where a "${...}" cannot be read.
std::optional<std::string> filled(std::string_view text, std::int64_t number) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      out += text.substr(at++, 2);
    } else if (text[at] != '$') {
      out += text[at];
    } else if (text.substr(at + 1).starts_with('$')) {
      // Escaped, so that it is never read as a directive.
      out += "\\$";
      ++at;
    } else {
      NumberForm form;
      if (text.substr(at + 1).starts_with('{')) {
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos) return std::nullopt;
        const auto read = parse_form(text.substr(at + 2, end - at - 2));
        if (!read) return std::nullopt;
        form = *read;
        at = end;
      }
      const auto printed = print_number(number, form);
      if (!printed) return std::nullopt;
      out += *printed;
    }
  }
  return out;
}

}  // namespace

Result<std::string> generated_lines(std::span<const ZoneWord> words, std::size_t most) {
  // NumberRange, owner, type and data, with a TTL and a class between them where they are written.
  if (words.size() < 4 || words.size() > 6) {
    return Error{.what =
                     "it takes a range, a name, a type and one word of data; put data with "
                     "blanks into quotes"};
  }
  const auto range = parse_range(words[0].text);
  if (!range) return Error{.what = "the range is not START-STOP or START-STOP/STEP"};
  const auto count = static_cast<std::uint64_t>((range->stop - range->start) / range->step) + 1;
  if (count > most) {
    return Error{
        .what = fmt::format("it makes {} records; at most {} are read from one zone", count, most)};
  }
  std::string between;
  for (const ZoneWord& word : words.subspan(2, words.size() - 3)) {
    between += ' ';
    between += word.text;
  }
  std::string lines;
  for (std::int64_t number = range->start; number <= range->stop; number += range->step) {
    const auto owner = filled(words[1].text, number);
    const auto data = filled(words.back().text, number);
    if (!owner || !data) {
      return Error{.what =
                       "a ${OFFSET,WIDTH,BASE} cannot be read; BASE is d, o, x, X, n or N, and "
                       "no number may become negative"};
    }
    lines += *owner + between + " " + *data + "\n";
  }
  return lines;
}

}  // namespace rampart
