// Report addresses (RFC 9989 section 4.8, dmarc-uri).
#include <algorithm>

#include "base/text.h"
#include "mail/dmarc/dmarc.h"

namespace rampart::dmarc {
namespace {

// RFC 3986 section 3.1.
bool is_scheme(std::string_view text) {
  if (text.empty() || !is_alpha(text.front())) return false;
  return std::ranges::all_of(
      text, [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

// RFC 3986 section 2: what a URI may consist of; `!` and `,` must be percent-encoded here.
bool is_uri_character(char c) {
  constexpr std::string_view kMarks = "-._~:/?#[]@$&'()*+;=%";
  return is_alnum(c) || kMarks.find(c) != std::string_view::npos;
}

// obs-dmarc-report-size: digits and at most one unit.
bool is_size(std::string_view text) {
  if (!text.empty() && std::string_view("kmgtKMGT").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  // Fewer digits than a 64-bit number has, so every reader can hold it.
  return !text.empty() && text.size() < 20 && std::ranges::all_of(text, is_digit);
}

bool is_host_character(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }

std::optional<std::string> host(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_host_character)) return std::nullopt;
  return ascii_lower(text);
}

std::optional<std::string> mail_host(std::string_view address) {
  // RFC 6068: header fields such as a subject follow the `?`.
  address = address.substr(0, address.find('?'));
  // The last one: a quoted local part may contain others.
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  return host(address.substr(at + 1));
}

std::optional<std::string> authority_host(std::string_view rest) {
  if (!rest.starts_with("//")) return std::nullopt;
  rest.remove_prefix(2);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  const auto at = rest.rfind('@');
  // User information before the host (RFC 3986 section 3.2.1).
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  return host(rest.substr(0, rest.find(':')));
}

}  // namespace

// The host decides whether the report leaves the domain, which needs the receiver's consent (RFC
// 9990 section 4).
std::optional<std::string> uri_host(std::string_view uri) {
  // RFC 7489 section 6.4 allows a size limit; RFC 9989 made it obsolete, but records still have it.
  const auto mark = uri.find('!');
  if (mark != std::string_view::npos) {
    if (!is_size(uri.substr(mark + 1))) return std::nullopt;
    uri = uri.substr(0, mark);
  }
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || !is_scheme(uri.substr(0, colon))) return std::nullopt;
  if (!std::ranges::all_of(uri, is_uri_character)) return std::nullopt;
  const auto rest = uri.substr(colon + 1);
  return ascii_lower(uri.substr(0, colon)) == "mailto" ? mail_host(rest) : authority_host(rest);
}

}  // namespace rampart::dmarc
