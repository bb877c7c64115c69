/// Checks of SPF terms and targets.
#include <fmt/format.h>

#include "mail/spf/spf.h"
#include "reconciler/config/checks.h"
#include "reconciler/config/names.h"

namespace rampart::config {
namespace {

// `term` with `value` in place of every placeholder. A sender's own terms may contain some; they
// are filled per domain, long after this check.
std::string filled(std::string term, std::string_view value) {
  for (const std::string& name : placeholders(term)) {
    const std::string brace = fmt::format("{{{}}}", name);
    const auto at = term.find(brace);
    if (at != std::string::npos) term.replace(at, brace.size(), value);
  }
  return term;
}

// The term is valid if it is with some value: a placeholder may be a part of a name, a whole name
// or an address.
Result<spf::Record> parse_term(const std::string& term) {
  for (const std::string_view value : {"x", "x.example", "192.0.2.1"}) {
    auto parsed = spf::parse_terms(filled(term, value));
    if (parsed) return parsed;
  }
  return spf::parse_terms(term);
}

}  // namespace

// One directive per item: Rampart orders the terms itself, writes the version and `all`, and needs
// each term by itself to tell which sender it belongs to.
bool check_spf_term(Loader& loader, const Node& node) {
  const std::string& term = node.value().text;
  if (term.find_first_of(" \t") != std::string::npos) {
    return loader.fail(node, "spf-syntax", fmt::format("`{}` is more than one term", term),
                       "write each term as an item of its own");
  }
  if (spf::is_spf(term)) {
    return loader.fail(node, "spf-syntax", "the version `v=spf1` does not belong here",
                       "Rampart writes it; write one term per item");
  }
  const auto parsed = parse_term(term);
  if (!parsed) {
    return loader.fail(node, "spf-syntax", fmt::format("`{}` is not an SPF term", term),
                       parsed.error().what);
  }
  // Receivers ignore a modifier that they do not know, so that nobody would pass by it.
  for (const spf::Modifier& modifier : parsed->modifiers) {
    const std::string meant = spf::mechanism_meant_by(modifier);
    if (meant.empty()) continue;
    return loader.fail(node, "spf-syntax",
                       fmt::format("`{}` is not a mechanism: with `=` receivers ignore it", term),
                       fmt::format("did you mean `{}`?", meant));
  }
  if (parsed->directives.size() == 1 && parsed->directives[0].mechanism == spf::Mechanism::All) {
    return loader.fail(node, "spf-syntax", "`all` does not belong here",
                       "set `spf: {all: softfail}` or `spf: {all: fail}` instead");
  }
  if (parsed->find_modifier("redirect") || parsed->find_modifier("exp")) {
    return loader.fail(node, "spf-syntax", fmt::format("`{}` does not belong here", term),
                       "set `redirect` or `exp` under `spf:` instead");
  }
  return true;
}

// The parser of SPF decides, so that macros are accepted exactly where receivers accept them (RFC
// 7208 section 7).
bool check_spf_target(Loader& loader, const Node& node) {
  const auto parsed = spf::parse_terms("redirect=" + node.value().text);
  if (parsed && parsed->modifiers.size() == 1) return true;
  return loader.fail(node, "spf-syntax",
                     fmt::format("`{}` is not a domain name", node.value().text),
                     "write one domain name, such as _spf.example.com");
}

}  // namespace rampart::config
