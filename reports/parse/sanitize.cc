/// Sanitizes the tags and the text of reports, so that a strict parser accepts them.
#include "reports/parse/sanitize.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace rampart::reports {
namespace {

/// A longer tag or entity is treated as text instead of waiting for its end.
constexpr std::size_t kTagLimit = 4096;
constexpr std::size_t kEntityLimit = 12;

constexpr std::size_t kWait = std::string_view::npos;  ///< More octets are needed.

/// A table is several times quicker than ctype, and every octet of every report passes through
/// here.
enum Kind : std::uint8_t { kNameStart = 1, kName = 2, kMark = 4 };

constexpr std::array<std::uint8_t, 256> kKinds = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    // Octets from 0x80 on are parts of UTF-8 characters. XML permits most of them in names, and
    // libxml2 checks the rest.
    const bool letter = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z') || i == '_' || i >= 0x80;
    const bool more = (i >= '0' && i <= '9') || i == '-' || i == '.' || i == ':';
    if (letter) kinds[i] = kNameStart | kName;
    if (more) kinds[i] = kName;
    if (i == '<' || i == '&') kinds[i] = kMark;
  }
  return kinds;
}();

bool is_kind(char c, Kind kind) { return (kKinds[static_cast<unsigned char>(c)] & kind) != 0; }

bool is_name_start(char c) { return is_kind(c, kNameStart); }

bool is_name(char c) { return is_kind(c, kName); }

/// The first `<` or `&`, or the end.
std::size_t find_mark(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_kind(text[at], kMark)) ++at;
  return at;
}

/// The first `<` or `>`, or npos.
std::size_t find_bracket(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != '<' && text[at] != '>') ++at;
  return at < text.size() ? at : std::string_view::npos;
}

/// The element name in the inside of a tag ("/d:feedback "), empty where it is not a tag.
std::string_view element_of(std::string_view inside) {
  if (inside.starts_with('/')) inside.remove_prefix(1);
  if (inside.empty() || !is_name_start(inside.front())) return {};
  const auto end = std::ranges::find_if_not(inside, is_name);
  const auto size = static_cast<std::size_t>(end - inside.begin());
  // "<noreply@example.net>" begins like a name, and is an address.
  if (end != inside.end() && !is_space(*end) && *end != '/') return {};
  return inside.substr(0, size);
}

bool is_root(std::string_view element) {
  const auto colon = element.rfind(':');
  // Prefixes vary by reporter; the reader compares those of other elements with the root's.
  return (colon == element.npos ? element : element.substr(colon + 1)) == "feedback";
}

/// Only the five entities of XML and character references: RFC 9990 section 8.1 warns of others.
bool is_known_entity(std::string_view name) {
  if (name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos")
    return true;
  if (name.size() < 2 || name.front() != '#') return false;
  const bool hex = name[1] == 'x';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  // Six digits hold every code point in hexadecimal and cannot overflow.
  if (digits.empty() || digits.size() > 6) return false;
  std::uint32_t code = 0;
  for (const char c : digits) {
    const auto octet = static_cast<unsigned char>(c);
    if (hex ? std::isxdigit(octet) == 0 : std::isdigit(octet) == 0) return false;
    const int digit = std::isdigit(octet) != 0 ? c - '0' : (std::tolower(octet) - 'a' + 10);
    code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
  }
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code < 0xD800) ||
         (code >= 0xE000 && code < 0xFFFE) || (code >= 0x10000 && code <= 0x10FFFF);
}

/// The end of the entity at `at`, `at` where there is none, kWait where more octets are needed.
std::size_t entity_end(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at + 1, kEntityLimit);
  const auto semicolon = rest.find(';');
  if (semicolon != rest.npos) {
    return is_known_entity(rest.substr(0, semicolon)) ? at + 1 + semicolon + 1 : at;
  }
  // A bare "&", as in "AT&T", is followed by a blank or a tag before any semicolon.
  const auto stop = std::ranges::find_if(rest, [](char c) { return is_space(c) || c == '<'; });
  return stop != rest.end() || rest.size() == kEntityLimit ? at : kWait;
}

}  // namespace

Result<Ok> XmlSanitizer::feed(std::string_view text, std::string& out,
                              std::vector<std::size_t>& ends) {
  std::string joined;
  if (!pending_.empty()) {
    joined = pending_ + std::string(text);
    pending_.clear();
    text = joined;
  }
  std::size_t at = 0;
  while (at < text.size()) {
    TRY(const std::size_t next, step(text, at, out, ends));
    if (next == kWait) {
      pending_ = text.substr(at);
      return Ok{};
    }
    at = next;
  }
  return Ok{};
}

/// A file that ends within the root's end tag has all of its records. One that ends earlier is
/// refused: its mail would count again if the whole report arrives later.
Result<Ok> XmlSanitizer::finish(std::string& out, std::vector<std::size_t>& ends) {
  if (state_ == State::Inside && pending_.starts_with("</")) {
    const std::string tag = pending_.substr(0, pending_.find_last_not_of(" \t\r\n\0") + 1);
    if (is_root(element_of(std::string_view(tag).substr(1)))) {
      out += tag + ">";
      ends.push_back(out.size());
      state_ = State::After;
      pending_.clear();
    }
  }
  if (state_ == State::After && any_root_) return Ok{};
  if (!any_root_) return Error{"this is not a report: it contains no XML element"};
  return Error{"the report is truncated"};
}

/// Processes one token at `at` and returns the offset after it, or kWait. Inside the root, that is
/// plain text up to a `<` or `&` together with what this begins.
Result<std::size_t> XmlSanitizer::step(std::string_view text, std::size_t at, std::string& out,
                                       std::vector<std::size_t>& ends) {
  switch (state_) {
    case State::Comment:
      return skip_past(text, at, "-->");
    case State::Instruction:
      return skip_past(text, at, "?>");
    case State::Cdata:
      return cdata(text, at, out);
    case State::Before:
    case State::After: {
      const std::size_t mark = std::min(text.find('<', at), text.size());
      const std::string_view junk = text.substr(at, mark - at);
      // After the root, junk is dropped without an error: the report is complete.
      if (state_ == State::Before && !std::ranges::all_of(junk, is_space)) {
        return Error{"this is not a report: there is text before the first XML element"};
      }
      return mark == text.size() ? mark : markup(text, mark, out, ends);
    }
    case State::Inside:
      break;
  }
  const std::size_t mark = find_mark(text, at);
  const std::string_view plain = text.substr(at, mark - at);
  const bool blank = after_tag_ && std::ranges::all_of(plain, is_space);
  // Blanks at the end of the input may be between tags: the next octets decide.
  if (mark == text.size()) {
    if (blank && plain.size() < kTagLimit) return kWait;
    out.append(plain);
    after_tag_ = false;
    return mark;
  }
  if (!blank || text[mark] == '&') {
    out.append(plain);
    after_tag_ = after_tag_ && plain.empty() && text[mark] == '<';
  }
  if (text[mark] == '<') {
    Result<std::size_t> next = markup(text, mark, out, ends);
    // The text before the tag is already copied: only the tag waits.
    return next && *next == kWait && mark > at ? Result<std::size_t>(mark) : next;
  }
  const std::size_t end = entity_end(text, mark);
  if (end == kWait) return mark > at ? mark : kWait;
  out.append(end == mark ? std::string_view("&amp;") : text.substr(mark, end - mark));
  return end == mark ? mark + 1 : end;
}

/// Processes what begins with `<`. Comments and instructions are dropped by changing the state, so
/// that they may be of any length.
Result<std::size_t> XmlSanitizer::markup(std::string_view text, std::size_t at, std::string& out,
                                         std::vector<std::size_t>& ends) {
  const std::string_view rest = text.substr(at);
  const auto may_become = [&](std::string_view token) {
    return rest.size() < token.size() && token.starts_with(rest);
  };
  constexpr std::string_view kCdata = "<![CDATA[";
  if (may_become("<!--") || may_become(kCdata) || rest == "<") return kWait;
  if (rest.starts_with("<!--") || rest.starts_with("<?")) {
    outer_ = state_;
    state_ = rest[1] == '?' ? State::Instruction : State::Comment;
    return at + (rest[1] == '?' ? 2 : 4);
  }
  if (rest.starts_with(kCdata) && state_ == State::Inside) {
    state_ = State::Cdata;
    return at + kCdata.size();
  }
  if (state_ == State::After && !is_name_start(rest[1])) return at + 1;
  // A declaration can define entities that grow to gigabytes or read files. No reporter needs one,
  // so it is refused and not skipped.
  if (rest[1] == '!') return Error{"it has a document type declaration, which is not permitted"};
  return tag(text, at, out, ends);
}

Result<std::size_t> XmlSanitizer::tag(std::string_view text, std::size_t at, std::string& out,
                                      std::vector<std::size_t>& ends) {
  const std::size_t stop = find_bracket(text, at + 1);
  if (stop == text.npos && text.size() - at < kTagLimit) return kWait;
  const bool closed = stop != text.npos && text[stop] == '>' && stop - at <= kTagLimit;
  const std::string_view inside = closed ? text.substr(at + 1, stop - at - 1) : "";
  const std::string_view element = element_of(inside);
  if (element.empty()) {
    // A stray "<": "<noreply@example.net>" in an address, or "a < b".
    if (state_ == State::Before) return Error{"this is not a report: a tag is malformed"};
    if (state_ == State::Inside) out += "&lt;";
    after_tag_ = false;
    return at + 1;
  }
  // One reporter wraps its reports in the tags of a schema.
  if (element == "xs:schema" || element == "xsd:schema") return stop + 1;
  if (state_ == State::After) {
    if (!is_root(element) || inside.starts_with('/')) return stop + 1;
  }
  any_root_ = true;
  after_tag_ = true;
  state_ = State::Inside;
  out.append(text.substr(at, stop + 1 - at));
  const bool ended = inside.starts_with('/') || inside.ends_with('/');
  if (ended && is_root(element)) {
    ends.push_back(out.size());
    state_ = State::After;
  }
  return stop + 1;
}

Result<std::size_t> XmlSanitizer::skip_past(std::string_view text, std::size_t at,
                                            std::string_view end) {
  const std::size_t found = text.find(end, at);
  if (found != text.npos) {
    state_ = outer_;
    return found + end.size();
  }
  // Keep no more than an incomplete `end` could take.
  if (text.size() - at < end.size()) return kWait;
  return text.size() - (end.size() - 1);
}

Result<std::size_t> XmlSanitizer::cdata(std::string_view text, std::size_t at, std::string& out) {
  const std::size_t found = text.find("]]>", at);
  const std::size_t stop =
      found != text.npos ? found : text.size() - std::min<std::size_t>(text.size(), 2);
  if (found == text.npos && stop <= at) return kWait;
  after_tag_ = false;
  for (const char c : text.substr(at, stop - at)) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  if (found == text.npos) return stop;
  state_ = State::Inside;
  return found + 3;
}

}  // namespace rampart::reports
