#include "mail/dkim/canon.h"

#include <array>

#include "base/text.h"
#include "mail/syntax/tags.h"

namespace rampart::dkim {
namespace {

constexpr std::size_t kBuffer = 16384;

// The number of octets at the front that are plain text: no line end, and in relaxed no blank. A
// table by octet is several times faster than find_first_of.
std::size_t plain_length(std::string_view octets, Canonicalization method) {
  static constexpr auto kSpecial = [] {
    std::array<unsigned char, 256> special{};
    // One bit for each method, so that both share the table.
    special['\r'] = special['\n'] = 3;
    special[' '] = special['\t'] = 2;
    return special;
  }();
  const unsigned char mask = method == Canonicalization::Simple ? 1 : 2;
  const char* at = octets.data();
  const char* const end = at + octets.size();
  while (at != end && (kSpecial[static_cast<unsigned char>(*at)] & mask) == 0) ++at;
  return static_cast<std::size_t>(at - octets.data());
}

// RFC 6376 section 3.4.2: unfolded, each run of blanks as one space, none at either end.
std::string relaxed_value(std::string_view value) {
  std::string text;
  bool blank = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    // Only CRLF folds; a bare CR or LF is text that was signed.
    if (value.substr(i).starts_with("\r\n")) {
      ++i;
      continue;
    }
    if (is_blank(value[i])) {
      blank = true;
      continue;
    }
    // Written before the next character only, so blanks at the end are dropped.
    if (blank && !text.empty()) text += ' ';
    blank = false;
    text += value[i];
  }
  return text;
}

}  // namespace

// RFC 6376 section 3.4.1 and section 3.4.2: simple signs the field as it is, relaxed survives
// folding and changes of case by mail servers.
std::string canonical_field(std::string_view raw, Canonicalization method) {
  if (method == Canonicalization::Simple) return std::string(raw);
  const auto colon = raw.find(':');
  const auto name = raw.substr(0, colon);
  const auto value = colon == std::string_view::npos ? std::string_view() : raw.substr(colon + 1);
  return ascii_lower(trim(name)) + ":" + relaxed_value(value);
}

BodyCanonicalizer::BodyCanonicalizer(Canonicalization method, Sink sink)
    : method_(method), sink_(std::move(sink)) {
  buffer_.reserve(kBuffer);
}

// Collects small pieces, since hashing has a cost per call; large ones bypass the buffer.
void BodyCanonicalizer::put(std::string_view text) {
  if (buffer_.size() + text.size() > kBuffer) {
    sink_(buffer_);
    buffer_.clear();
  }
  if (text.size() >= kBuffer) {
    sink_(text);
  } else {
    buffer_ += text;
  }
}

void BodyCanonicalizer::end_line() {
  carriage_return_ = false;
  blank_ = false;
  ++line_ends_;
}

// RFC 6376 section 3.4.3: empty lines at the end of the body do not count, so line ends
// are held back until text follows.
void BodyCanonicalizer::add_text(std::string_view text) {
  for (; line_ends_ > 0; --line_ends_) put("\r\n");
  if (blank_) put(" ");
  blank_ = false;
  any_text_ = true;
  put(text);
}

// A carriage return may be the last octet of one piece and its line feed the first of the next, so
// the state between the two is kept in `carriage_return_`.
void BodyCanonicalizer::feed(std::string_view octets) {
  while (!octets.empty()) {
    const char c = octets.front();
    if (carriage_return_ && c != '\n') {
      carriage_return_ = false;
      add_text("\r");
    }
    std::size_t taken = 1;
    if (c == '\n') {
      end_line();
    } else if (c == '\r') {
      carriage_return_ = true;
    } else if (method_ == Canonicalization::Relaxed && is_blank(c)) {
      blank_ = true;
    } else {
      taken = plain_length(octets, method_);
      add_text(octets.substr(0, taken));
    }
    octets.remove_prefix(taken);
  }
}

void BodyCanonicalizer::finish() {
  if (carriage_return_) add_text("\r");
  carriage_return_ = false;
  // Only blanks before a line end are removed; the last line has none, so it keeps them.
  if (blank_) add_text("");
  // RFC 6376 section 3.4.3: an empty body is one line end; section 3.4.4: in relaxed, nothing.
  if (any_text_ || method_ == Canonicalization::Simple) put("\r\n");
  if (!buffer_.empty()) sink_(buffer_);
  buffer_.clear();
}

}  // namespace rampart::dkim
