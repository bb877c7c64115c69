#include "cli/dashboard/html.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "cli/dashboard/style.h"
#include "dns/txt.h"
#include "mail/dkim/crypto.h"
#include "mail/dkim/key.h"

namespace rampart::html {
namespace {

/// No honest domain, organisation or sentence is longer.
constexpr std::size_t kLongest = 500;

/// A file's name may have 255 octets on most systems.
constexpr std::size_t kLongestFile = 200;

/// What would make text read backwards, or hide: U+061C, U+200B to U+200F, U+202A to U+202E, U+2060
/// to U+2069, U+FEFF. How many octets of `text` are one of these, or 0.
std::size_t stages_writing(std::string_view text) {
  const auto octet = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  if (octet(0) == 0xd8 && octet(1) == 0x9c) return 2;
  if (octet(0) == 0xef && octet(1) == 0xbb && octet(2) == 0xbf) return 3;
  if (octet(0) != 0xe2) return 0;
  const unsigned last = octet(2);
  const bool marks =
      octet(1) == 0x80 && ((last >= 0x8b && last <= 0x8f) || (last >= 0xa8 && last <= 0xae));
  const bool isolates = octet(1) == 0x81 && last >= 0xa0 && last <= 0xa9;
  return marks || isolates ? 3 : 0;
}

/// Before the octets of a character that would be cut through.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
  return text.substr(0, most);
}

std::string_view escaped(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

std::string digest(std::string_view octets) {
  dkim::Sha256 sum;
  sum.add(octets);
  return sum.finish();
}

}  // namespace

std::string text(std::string_view raw) {
  const std::string shown = printable(cut(raw, kLongest));
  std::string out;
  for (std::size_t at = 0; at < shown.size();) {
    if (const std::size_t octets = stages_writing(std::string_view(shown).substr(at)); octets > 0) {
      for (std::size_t i = 0; i < octets; ++i) {
        out += fmt::format("\\{:03d}", static_cast<unsigned char>(shown[at + i]));
      }
      at += octets;
      continue;
    }
    const std::string_view escape = escaped(shown[at]);
    out += escape.empty() ? std::string_view(shown).substr(at, 1) : escape;
    ++at;
  }
  return raw.size() > kLongest ? out + "…" : out;
}

std::string file_name(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                       (c == '.' && !out.empty());
    out += plain ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
  }
  if (!out.empty() && out.size() <= kLongestFile) return out;
  std::string hex;
  for (const char c : digest(raw)) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return "=" + hex;
}

std::string page(std::string_view title, std::string_view body) {
  static const std::string kStyleDigest = encode_base64(digest(kDashboardStyle));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"generator\" content=\"rampart\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"robots\" content=\"noindex, nofollow\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      kStyleDigest, text(title), kDashboardStyle, body);
}

}  // namespace rampart::html
