/// Converts any encoding to UTF-8, without the characters that XML forbids.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"
#include "base/utf8.h"
#include "reports/parse/sanitize.h"

namespace rampart::reports {
namespace {

/// Enough octets for a byte order mark and an XML declaration.
constexpr std::size_t kHead = 160;

void append_code(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
  // XML 1.0 forbids most control characters even as references, so a strict parser would refuse the
  // whole report for one of them.
  if (code < 0x20 && code != '\t' && code != '\n' && code != '\r') return;
  // A lone surrogate is no character; its replacement keeps the text's other characters.
  if (code >= 0xD800 && code <= 0xDFFF) code = 0xFFFD;
  if (code == 0xFFFE || code == 0xFFFF) code = 0xFFFD;
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// Octets that are copied unchanged: ASCII without control characters.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t i = 0x20; i < 0x80; ++i) plain[i] = true;
  plain['\n'] = plain['\t'] = plain['\r'] = true;
  return plain;
}();

/// Whether all of eight octets are within 0x20 to 0x7F, tested at once.
bool is_plain_word(const char* octets) {
  std::uint64_t word = 0;
  // A copy, because the octets need not be aligned.
  std::memcpy(&word, octets, sizeof word);
  constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
  constexpr std::uint64_t kBlank = 0x2020202020202020ULL;
  // The subtraction sets the high bit of an octet below 0x20. A borrow can only make the answer too
  // strict, and the caller then checks octet by octet.
  return ((word | (word - kBlank)) & kHigh) == 0;
}

/// The end of a run of plain octets.
std::size_t plain_end(std::string_view octets, std::size_t at) {
  while (at + 8 <= octets.size()) {
    if (is_plain_word(octets.data() + at)) {
      at += 8;
      continue;
    }
    // Usually the reason is a line end, and the run goes on after it.
    const std::size_t stop = at + 8;
    while (at < stop && kPlain[static_cast<unsigned char>(octets[at])]) ++at;
    if (at < stop) return at;
  }
  while (at < octets.size() && kPlain[static_cast<unsigned char>(octets[at])]) ++at;
  return at;
}

std::size_t sequence_length(unsigned char first) {
  // 0xC0 and 0xC1 begin no valid sequence: they could only encode ASCII in two octets (RFC 3629
  // section 3).
  if (first >= 0xF0) return 4;
  if (first >= 0xE0) return 3;
  return first >= 0xC2 ? 2 : 1;
}

/// Whether the declaration names a one-octet encoding of Western Europe.
bool declares_latin(std::string_view head) {
  const std::string text = ascii_lower(head.substr(0, head.find("?>")));
  if (text.find("<?xml") == text.npos) return false;
  // All are read as Latin-1. They differ in a few signs and letters, which no keyword and no
  // A-label contains.
  constexpr std::array<std::string_view, 5> kLatinNames = {"iso-8859-1", "windows-1252", "latin1",
                                                           "latin-1", "iso-8859-15"};
  return std::ranges::any_of(kLatinNames,
                             [&](std::string_view name) { return text.find(name) != text.npos; });
}

}  // namespace

void Decoder::choose_encoding(std::string& out) {
  std::size_t mark = 0;
  const std::string_view head = head_;
  // A mark outweighs the declaration: programs that convert a file often leave its declaration as
  // it was.
  if (head.starts_with(kByteOrderMark)) {
    encoding_ = Encoding::Utf8;
    mark = kByteOrderMark.size();
  } else if (head.starts_with("\xFF\xFE")) {
    encoding_ = Encoding::Utf16Little;
    mark = 2;
  } else if (head.starts_with("\xFE\xFF")) {
    encoding_ = Encoding::Utf16Big;
    mark = 2;
  } else if (head.size() >= 2 && head[0] != 0 && head[1] == 0) {
    encoding_ = Encoding::Utf16Little;
  } else if (head.size() >= 2 && head[0] == 0 && head[1] != 0) {
    encoding_ = Encoding::Utf16Big;
  } else {
    encoding_ = declares_latin(head) ? Encoding::Latin1 : Encoding::Utf8;
  }
  const std::string rest = head_.substr(mark);
  head_.clear();
  decode(rest, out);
}

/// Nothing is decoded until the head is complete: the encoding's name may arrive in a later block.
void Decoder::feed(std::string_view octets, std::string& out) {
  if (encoding_ != Encoding::Unknown) return decode(octets, out);
  head_ += octets;
  if (head_.size() >= kHead) choose_encoding(out);
}

void Decoder::finish(std::string& out) {
  if (encoding_ == Encoding::Unknown) choose_encoding(out);
  // An incomplete character at the end: each octet is read as Latin-1.
  const std::string rest = std::move(head_);
  head_.clear();
  for (const char c : rest) append_code(static_cast<unsigned char>(c), out);
}

void Decoder::decode(std::string_view octets, std::string& out) {
  // Blocks end anywhere, also within a character. Its first octets wait in `head_`.
  std::string joined;
  if (!head_.empty()) {
    joined = head_ + std::string(octets);
    head_.clear();
    octets = joined;
  }
  if (encoding_ == Encoding::Utf16Little || encoding_ == Encoding::Utf16Big) {
    decode16(octets, out);
  } else {
    decode8(octets, out);
  }
}

void Decoder::decode8(std::string_view octets, std::string& out) {
  std::size_t at = 0;
  while (at < octets.size()) {
    const std::size_t stop = plain_end(octets, at);
    out.append(octets.substr(at, stop - at));
    at = stop;
    if (at == octets.size()) return;
    const auto first = static_cast<unsigned char>(octets[at]);
    const std::string_view rest = octets.substr(at);
    const auto code =
        encoding_ == Encoding::Utf8 && first >= 0x80 ? first_code_point(rest) : std::nullopt;
    // Only a sequence that could still become complete waits; anything else is invalid and is read
    // as Latin-1 below.
    if (!code && encoding_ == Encoding::Utf8 && rest.size() < sequence_length(first)) {
      head_ = rest;
      return;
    }
    append_code(code ? static_cast<std::uint32_t>(code->value) : first, out);
    at += code ? code->octets : 1;
  }
}

void Decoder::decode16(std::string_view octets, std::string& out) {
  const bool little = encoding_ == Encoding::Utf16Little;
  std::size_t at = 0;
  for (; at + 2 <= octets.size(); at += 2) {
    const auto a = static_cast<unsigned char>(octets[at]);
    const auto b = static_cast<unsigned char>(octets[at + 1]);
    const std::uint32_t unit = little ? (b << 8U | a) : (a << 8U | b);
    if (unit >= 0xD800 && unit < 0xDC00) {
      // The second half may be in the next block, so the first is a member and not a local.
      high_ = unit;
    } else if (unit >= 0xDC00 && unit < 0xE000 && high_ != 0) {
      append_code(0x10000 + ((high_ - 0xD800) << 10) + (unit - 0xDC00), out);
      high_ = 0;
    } else {
      append_code(unit, out);
      high_ = 0;
    }
  }
  head_ = octets.substr(at);
}

}  // namespace rampart::reports
