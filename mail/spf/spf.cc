#include "mail/spf/spf.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "dns/txt.h"
#include "mail/spf/ip_text.h"
#include "mail/spf/macro.h"
#include "mail/spf/terms.h"

namespace rampart::spf {
namespace {

constexpr std::string_view kVersion = "v=spf1";

// The part of a record that can affect a verdict, normalised so that == compares meanings.
struct Meaning {
  // Each run of one qualifier, its terms sorted: order inside a run changes no verdict.
  std::vector<std::pair<Qualifier, std::vector<std::string>>> groups;
  std::vector<std::pair<std::string, std::string>> modifiers;

  bool operator==(const Meaning&) const = default;
};

bool has_all(const Record& record) {
  return std::ranges::find(record.directives, Mechanism::All, &Directive::mechanism) !=
         record.directives.end();
}

// Full prefix lengths and host bits are spelled in several ways that mean the same.
Directive normalized(Directive directive) {
  directive.domain = normalize_spec(directive.domain);
  const bool addresses = directive.mechanism != Mechanism::Ip6;
  if (addresses && directive.cidr4 == 32) directive.cidr4.reset();
  if (directive.cidr6 == 128) directive.cidr6.reset();
  if (!directive.network.empty()) directive.network = network_of(directive).ip.text();
  return directive;
}

// Two records with one meaning give each client the same result, so the second is no reason to
// write.
Meaning meaning_of(const Record& record) {
  Meaning meaning;
  for (const Directive& directive : record.directives) {
    if (meaning.groups.empty() || meaning.groups.back().first != directive.qualifier) {
      meaning.groups.emplace_back(directive.qualifier, std::vector<std::string>{});
    }
    meaning.groups.back().second.push_back(print(normalized(directive)));
    if (directive.mechanism == Mechanism::All) break;  // RFC 7208 section 5.1.
  }
  for (auto& [qualifier, terms] : meaning.groups) std::ranges::sort(terms);
  const bool ends = has_all(record);
  for (const Modifier& modifier : record.modifiers) {
    if (ends && modifier.name == "redirect") continue;  // RFC 7208 section 6.1.
    meaning.modifiers.emplace_back(modifier.name, normalize_spec(modifier.value));
  }
  std::ranges::sort(meaning.modifiers);
  return meaning;
}

}  // namespace

const Modifier* Record::find_modifier(std::string_view name) const {
  const auto found = std::ranges::find(modifiers, name, &Modifier::name);
  return found == modifiers.end() ? nullptr : &*found;
}

bool is_spf(std::string_view text) {
  // RFC 7208 section 4.5: the version ends at a blank or at the end, so `v=spf10` is no SPF record.
  if (text.size() < kVersion.size()) return false;
  if (!std::ranges::equal(text.substr(0, kVersion.size()), kVersion, {}, to_lower)) return false;
  return text.size() == kVersion.size() || text[kVersion.size()] == ' ';
}

Result<Record> parse(std::string_view text) {
  if (!is_spf(text)) {
    return Error{"this is not an SPF record: it must begin with `v=spf1` and a blank"};
  }
  text.remove_prefix(kVersion.size());
  return parse_terms(text);
}

Result<Record> parse_terms(std::string_view text) {
  Record record;
  while (!text.empty()) {
    // Only blanks separate terms; several in a row are allowed (RFC 7208 section 4.6.1).
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) {
      TRY_OK(add_term(text.substr(0, end), record));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return record;
}

std::string print(const Directive& directive) {
  std::string text;
  if (directive.qualifier != Qualifier::Pass) text += static_cast<char>(directive.qualifier);
  text += to_text(directive.mechanism);
  if (!directive.domain.empty()) text += ":" + directive.domain;
  if (!directive.network.empty()) text += ":" + directive.network;
  if (directive.cidr4) text += fmt::format("/{}", *directive.cidr4);
  if (directive.cidr6) {
    // Only a and mx have both lengths, and they set the second apart by `//`.
    const bool network = directive.mechanism == Mechanism::Ip6;
    text += fmt::format("{}{}", network ? "/" : "//", *directive.cidr6);
  }
  return text;
}

std::string print(const Record& record) {
  std::string text(kVersion);
  for (const Directive& directive : record.directives) text += " " + print(directive);
  for (const Modifier& modifier : record.modifiers) {
    text += fmt::format(" {}={}", modifier.name, modifier.value);
  }
  return text;
}

bool same_meaning(const Record& a, const Record& b) { return meaning_of(a) == meaning_of(b); }

bool costs_lookup(const Directive& directive) {
  const Mechanism mechanism = directive.mechanism;
  return mechanism != Mechanism::All && mechanism != Mechanism::Ip4 && mechanism != Mechanism::Ip6;
}

}  // namespace rampart::spf
