/// The Authentication-Results field (RFC 8601).
#include <fmt/format.h>

#include <algorithm>

#include "cli/views/message.h"
#include "dns/txt.h"

namespace rampart {
namespace {

// Characters of a token (RFC 2045 section 5.1), and `@` and `.`, which a property's value may
// contain without quotes (RFC 8601 section 2.2).
bool is_token_char(char c) {
  static constexpr std::string_view kQuoted = "()<>,;:\\\"/[]?=";
  return c > ' ' && c < '\x7f' && kQuoted.find(c) == std::string_view::npos;
}

/// Printable text with a backslash before each of `specials` (RFC 5322 section 3.2.1, quoted-pair).
std::string escape(std::string_view text, std::string_view specials) {
  std::string out;
  for (const char c : printable(text)) {
    if (specials.find(c) != specials.npos) out += '\\';
    out += c;
  }
  return out;
}

// Empty values have no property: RFC 8601 section 2.2 has no syntax for them.
std::string property(std::string_view name, const std::string& value) {
  if (value.empty()) return "";
  if (std::ranges::all_of(value, is_token_char)) return fmt::format(" {}={}", name, value);
  return fmt::format(" {}=\"{}\"", name, escape(value, "\"\\"));
}

// Parentheses nest in comments (RFC 5322 section 3.2.2), so both kinds are escaped.
std::string comment(std::string_view text) {
  return text.empty() ? "" : fmt::format(" ({})", escape(text, "()\\"));
}

// The matched term as reason on success, the error otherwise: that is what a person debugging
// needs.
std::string spf_result(const dmarc::MessageVerdict& verdict) {
  if (!verdict.spf) return "spf=none";
  const std::string reason =
      verdict.spf->reason.empty() ? verdict.spf->matched.value_or("") : verdict.spf->reason;
  // A bounce has no MAIL FROM: SPF evaluated the HELO name (RFC 7208 section 2.4).
  const bool bounce = verdict.sender.empty();
  return fmt::format("spf={}{}{}", spf::to_text(verdict.spf->outcome), comment(reason),
                     bounce ? property("smtp.helo", verdict.spf_domain)
                            : property("smtp.mailfrom", verdict.sender));
}

// header.b with the beginning of the signature tells several of one domain apart (RFC 6008).
std::string dkim_result(const dkim::SignatureVerdict& signature) {
  return fmt::format(
      "dkim={}{}{}{}{}{}{}", dkim::to_text(signature.outcome), comment(signature.reason),
      property("header.d", signature.domain), property("header.i", signature.identity),
      property("header.s", signature.selector), property("header.a", signature.algorithm),
      property("header.b", signature.beginning));
}

/// RFC 8601 has no property for the policy; receivers put it into a comment, as here.
std::string dmarc_result(const dmarc::MessageVerdict& verdict) {
  std::string reason = verdict.walk.reason;
  if (verdict.walk.discovered) {
    reason = fmt::format("p={} dis={}", dmarc::to_text(verdict.walk.policy),
                         dmarc::to_text(verdict.walk.disposition));
  }
  const std::string author = verdict.authors.empty() ? "" : verdict.authors.front().text();
  return fmt::format("dmarc={}{}{}", dmarc::to_text(verdict.walk.outcome), comment(reason),
                     property("header.from", author));
}

}  // namespace

// One method a line, folded with a tab, as most servers write it.
std::string authentication_results(const dmarc::MessageVerdict& verdict) {
  std::string field = "Authentication-Results: rampart;\n\t" + spf_result(verdict);
  if (verdict.dkim.signatures.empty()) field += ";\n\tdkim=none";
  for (const dkim::SignatureVerdict& signature : verdict.dkim.signatures) {
    field += ";\n\t" + dkim_result(signature);
  }
  if (verdict.arc.outcome != dkim::Outcome::None) {
    field += fmt::format(";\n\tarc={}{}", dkim::to_text(verdict.arc.outcome),
                         comment(verdict.arc.reason));
  }
  return field + ";\n\t" + dmarc_result(verdict) + "\n";
}

}  // namespace rampart
