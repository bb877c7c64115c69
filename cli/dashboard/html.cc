#include "cli/dashboard/html.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/sha256.h"
#include "cli/dashboard/style.h"
#include "dns/txt.h"

namespace rampart::html {
namespace {

/// Longer than any domain, organisation name or sentence that is not an attack.
constexpr std::size_t kLongest = 500;

/// Most file systems allow 255 octets.
constexpr std::size_t kLongestFile = 200;

/// The octets of a character at the start of `text` that reverses or hides text, or 0: U+061C,
/// U+200B to U+200F, U+202A to U+202E, U+2060 to U+2069, U+FEFF.
std::size_t invisible_octets(std::string_view text) {
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

/// The first `most` octets of `text`, or fewer: a UTF-8 character is never cut in two.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
  return text.substr(0, most);
}

// Quotes too: the same function is used for attributes.
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

}  // namespace

// Names of organisations and hosts come from reports, which anybody can send.
std::string text(std::string_view raw) {
  return whole_text(cut(raw, kLongest)) + (raw.size() > kLongest ? "…" : "");
}

std::string whole_text(std::string_view raw) {
  const std::string shown = printable(raw);
  std::string out;
  for (std::size_t at = 0; at < shown.size();) {
    if (const std::size_t octets = invisible_octets(std::string_view(shown).substr(at));
        octets > 0) {
      // Shown as `printable` shows other octets, so that the reader sees that something is hidden.
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
  return out;
}

// Escaped with `=`, which is safe on all file systems and needs no encoding in a URL.
std::string file_name(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                       (c == '.' && !out.empty());
    out += plain ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
  }
  if (!out.empty() && out.size() <= kLongestFile) return out;
  // Plain names never begin with "=", so a digest cannot be mistaken for one.
  return "=" + sha256_hex(raw);
}

// The style sheet is allowed by its digest and everything else is forbidden: even text that escaped
// its quotes could load nothing.
std::string page(std::string_view title, std::string_view body) {
  static const std::string kStyleDigest = [] {
    Sha256 sum;
    sum.add(kDashboardStyle);
    return encode_base64(sum.finish());
  }();
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"generator\" content=\"rampart\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      // Pages on a server that is open by mistake should not be found by a search.
      "<meta name=\"robots\" content=\"noindex, nofollow\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      kStyleDigest, text(title), kDashboardStyle, body);
}

}  // namespace rampart::html
