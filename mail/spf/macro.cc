#include "mail/spf/macro.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "base/percent.h"
#include "base/text.h"
#include "dns/txt.h"

namespace rampart::spf {
namespace {

constexpr std::string_view kEverywhere = "slodiphv";
// RFC 7208 section 7.2: these depend on the receiver, so no decision may depend on them.
constexpr std::string_view kExplanationOnly = "crt";
constexpr std::string_view kDelimiters = ".-+,/_=";
constexpr int kMostPieces = 128;  // A name has no more labels than this.

Error bad_macro(std::string_view macro, std::string_view why) {
  return Error{fmt::format("the macro `{}` {}", printable(macro.substr(0, 40)), why)};
}

bool allowed_letter(char letter, MacroPlace place) {
  if (kEverywhere.find(letter) != std::string_view::npos) return true;
  return place != MacroPlace::DomainSpec && kExplanationOnly.find(letter) != std::string_view::npos;
}

// Reads the content of the braces: a letter, digits, `r`, delimiters.
Result<MacroPart> parse_body(std::string_view body, std::string_view whole, MacroPlace place) {
  if (body.empty()) return bad_macro(whole, "has no letter");
  MacroPart part{.kind = MacroPart::Kind::Letter};
  part.letter = to_lower(body[0]);
  // RFC 7208 section 7.3: an upper-case letter asks for URL escaping of the value.
  part.url_escape = part.letter != body[0];
  if (!is_alpha(body[0]) || !allowed_letter(part.letter, place)) {
    const bool known = kExplanationOnly.find(part.letter) != std::string_view::npos;
    return bad_macro(whole, known ? "is allowed in explanations only (RFC 7208 section 7.2)"
                                  : "has an unknown letter (RFC 7208 section 7.2)");
  }
  body.remove_prefix(1);
  // `%{d0}` is malformed, but without digits `keep` is 0 too.
  const bool counted = !body.empty() && is_digit(body[0]);
  while (!body.empty() && is_digit(body[0])) {
    // Bounded while it is read: a long number must not overflow, and more pieces than a name has
    // labels mean all of them.
    part.keep = std::min(part.keep * 10 + (body[0] - '0'), kMostPieces);
    body.remove_prefix(1);
  }
  if (counted && part.keep == 0) return bad_macro(whole, "keeps no part (RFC 7208 section 7.3)");
  if (!body.empty() && to_lower(body[0]) == 'r') {
    part.reverse = true;
    body.remove_prefix(1);
  }
  if (body.find_first_not_of(kDelimiters) != std::string_view::npos) {
    return bad_macro(whole, "is malformed (RFC 7208 section 7.1)");
  }
  part.delimiters = std::string(body);
  return part;
}

// Reads one `%...` at the front of `text` and removes it.
Result<MacroPart> consume_macro(std::string_view& text, MacroPlace place) {
  const char next = text.size() > 1 ? text[1] : '\0';
  if (next == '%' || next == '_' || next == '-') {
    text.remove_prefix(2);
    // RFC 7208 section 7.1: `%%`, `%_` and `%-`.
    const std::string_view meaning = next == '%' ? "%" : next == '_' ? " " : "%20";
    return MacroPart{.kind = MacroPart::Kind::Escape, .text = std::string(meaning)};
  }
  if (next != '{') return bad_macro(text, "is a stray percent sign; write `%%`");
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos) return bad_macro(text, "is never closed");
  const std::string_view whole = text.substr(0, end + 1);
  auto part = parse_body(whole.substr(2, whole.size() - 3), whole, place);
  text.remove_prefix(end + 1);
  return part;
}

// RFC 7208 section 12: visible ASCII; only explanations may contain blanks, since a blank ends a
// term.
bool allowed_octet(char c, MacroPlace place) {
  return (c > ' ' && c < '\x7f') || (c == ' ' && place == MacroPlace::Explanation);
}

// `toplabel` (section 12): letters and digits with a letter, or with a hyphen inside.
bool is_toplabel(std::string_view label) {
  // Without a letter the target would look like an address, such as `1.2.3.4`.
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const auto allowed = [](char c) { return is_alnum(c) || c == '-'; };
  if (!std::ranges::all_of(label, allowed)) return false;
  return std::ranges::any_of(label, [](char c) { return is_alpha(c) || c == '-'; });
}

// Not split() of base, which trims: blanks in a sender are part of its pieces.
std::vector<std::string> split_at_any(std::string_view text, std::string_view delimiters) {
  std::vector<std::string> pieces;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && delimiters.find(text[i]) == std::string_view::npos) continue;
    pieces.emplace_back(text.substr(start, i - start));
    start = i + 1;
  }
  return pieces;
}

// Section 7.3: split at the delimiters, reverse, keep the right-hand pieces, join with dots.
// Without any transformer the value stays as it is, whatever delimiters it contains.
std::string transform(const MacroPart& part, const std::string& value) {
  if (part.keep == 0 && !part.reverse && part.delimiters.empty()) return value;
  auto pieces = split_at_any(value, part.delimiters.empty() ? "." : part.delimiters);
  if (part.reverse) std::ranges::reverse(pieces);
  const std::size_t keep = part.keep == 0 ? pieces.size() : static_cast<std::size_t>(part.keep);
  const std::size_t first = pieces.size() > keep ? pieces.size() - keep : 0;
  return fmt::format("{}", fmt::join(std::span(pieces).subspan(first), "."));
}

}  // namespace

// Literals and macros alternate; literals are taken in one piece, since most targets have no macro.
Result<MacroString> parse_macros(std::string_view text, MacroPlace place) {
  MacroString parts;
  while (!text.empty()) {
    if (text[0] == '%') {
      TRY(auto part, consume_macro(text, place));
      parts.push_back(std::move(part));
      continue;
    }
    const std::size_t end = std::min(text.find('%'), text.size());
    const std::string_view literal = text.substr(0, end);
    for (const char c : literal) {
      if (allowed_octet(c, place)) continue;
      return Error{fmt::format("the octet `{}` is not allowed there; SPF is printable US-ASCII",
                               printable(std::string_view(&c, 1)))};
    }
    parts.push_back({.kind = MacroPart::Kind::Literal, .text = std::string(literal)});
    text.remove_prefix(end);
  }
  return parts;
}

Result<MacroString> parse_domain_spec(std::string_view text) {
  TRY(auto parts, parse_macros(text, MacroPlace::DomainSpec));
  if (parts.empty()) return Error{"a domain is missing"};
  if (parts.back().kind != MacroPart::Kind::Literal) return parts;
  // Behind a macro the end of the name is unknown, so only literal ends are checked.
  std::string_view literal = parts.back().text;
  if (literal.ends_with('.')) literal.remove_suffix(1);
  const std::size_t dot = literal.rfind('.');
  if (dot != std::string_view::npos && is_toplabel(literal.substr(dot + 1))) return parts;
  return Error{fmt::format("`{}` does not end in a top-level domain (RFC 7208 section 7.1)",
                           printable(text.substr(0, 80)))};
}

bool has_macros(const MacroString& parts) {
  return std::ranges::any_of(
      parts, [](const MacroPart& part) { return part.kind == MacroPart::Kind::Letter; });
}

bool uses_letter(const MacroString& parts, char letter) {
  return std::ranges::any_of(parts, [&](const MacroPart& part) {
    return part.kind == MacroPart::Kind::Letter && part.letter == letter;
  });
}

std::string expand(const MacroString& parts, const std::function<std::string(char)>& value) {
  std::string text;
  for (const MacroPart& part : parts) {
    if (part.kind != MacroPart::Kind::Letter) {
      text += part.text;
      continue;
    }
    const std::string expanded = transform(part, value(part.letter));
    text += part.url_escape ? percent_encoded(expanded) : expanded;
  }
  return text;
}

std::string shorten_name(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  // 253 characters of text are the 255 octets of a name on the wire.
  if (name.size() <= 253) return name;
  // RFC 7208 section 7.3: whole labels are dropped from the left until the rest fits.
  const std::size_t dot = name.find('.', name.size() - 254);
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

std::string normalize_spec(std::string_view spec) {
  std::string text;
  for (std::size_t i = 0; i < spec.size(); ++i) {
    // The case of a macro's letter has a meaning, that of a domain has none.
    const bool letter = i >= 2 && spec[i - 1] == '{' && spec[i - 2] == '%';
    text += letter ? spec[i] : to_lower(spec[i]);
  }
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace rampart::spf
