/// The Authentication-Results field (RFC 8601).
#include <fmt/format.h>

#include <algorithm>

#include "cli/views/message.h"
#include "dns/txt.h"

namespace rampart {
namespace {

// RFC 2045 section 5.1: a token; `@` and `.` may stand in a property's value besides
// (RFC 8601 section 2.2).
bool is_plain(char c) {
  static constexpr std::string_view kQuoted = "()<>,;:\\\"/[]?=";
  return c > ' ' && c < '\x7f' && kQuoted.find(c) == std::string_view::npos;
}

std::string property(std::string_view name, const std::string& value) {
  if (value.empty()) return "";
  if (std::ranges::all_of(value, is_plain)) return fmt::format(" {}={}", name, value);
  std::string quoted;
  for (const char c : printable(value)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return fmt::format(" {}=\"{}\"", name, quoted);
}

std::string comment(std::string_view text) {
  if (text.empty()) return "";
  std::string quoted;
  for (const char c : printable(text)) {
    if (c == '(' || c == ')' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return fmt::format(" ({})", quoted);
}

std::string spf_result(const dmarc::MessageVerdict& verdict) {
  if (!verdict.spf) return "spf=none";
  const std::string said =
      verdict.spf->reason.empty() ? verdict.spf->matched.value_or("") : verdict.spf->reason;
  const bool bounce = verdict.sender.empty();
  return fmt::format("spf={}{}{}", spf::to_text(verdict.spf->outcome), comment(said),
                     bounce ? property("smtp.helo", verdict.spf_domain)
                            : property("smtp.mailfrom", verdict.sender));
}

std::string dkim_result(const dkim::SignatureVerdict& signature) {
  return fmt::format(
      "dkim={}{}{}{}{}{}{}", dkim::to_text(signature.outcome), comment(signature.reason),
      property("header.d", signature.domain), property("header.i", signature.identity),
      property("header.s", signature.selector), property("header.a", signature.algorithm),
      property("header.b", signature.beginning));
}

std::string dmarc_result(const dmarc::MessageVerdict& verdict) {
  std::string said = verdict.walk.reason;
  if (verdict.walk.discovered) {
    said = fmt::format("p={} dis={}", dmarc::to_text(verdict.walk.policy),
                       dmarc::to_text(verdict.walk.disposition));
  }
  const std::string author = verdict.authors.empty() ? "" : verdict.authors.front().text();
  return fmt::format("dmarc={}{}{}", dmarc::to_text(verdict.walk.outcome), comment(said),
                     property("header.from", author));
}

}  // namespace

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
