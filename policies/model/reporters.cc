/// Looks reporters up in the built-in list and in the YAML's.
#include "policies/model/reporters.h"

#include <algorithm>

#include "mail/dmarc/org_domain.h"

namespace rampart {
namespace {

bool is_below(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() && name.ends_with(domain) &&
         name[name.size() - domain.size() - 1] == '.';
}

// Exact unless the pattern has a wildcard: below a reporter's domain there may be names of its
// customers, who must not count as the reporter.
bool matches(std::string_view reporter, std::string_view pattern) {
  if (pattern.starts_with("*.")) return is_below(reporter, pattern.substr(2));
  return reporter == pattern;
}

bool any_matches(std::string_view reporter, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const auto& one) { return matches(reporter, one); });
}

}  // namespace

std::string organization_id(const Config& config, std::string_view reporter) {
  for (const auto& [id, organization] : config.organizations) {
    if (any_matches(reporter, organization.domains)) return id;
  }
  return {};
}

// Refused first: the user's refusal also applies to reporters of the built-in list.
ReporterKind reporter_kind(const Config& config, std::string_view reporter) {
  const bool refused = std::ranges::any_of(config.reporters.refused, [&](const std::string& one) {
    return reporter == one || is_below(reporter, one);
  });
  if (refused) return ReporterKind::Refused;
  const bool known =
      any_matches(reporter, config.reporters.known) || !organization_id(config, reporter).empty();
  return known ? ReporterKind::Known : ReporterKind::Unknown;
}

// The public suffix list serves here rather than DMARC's tree walk, since it needs no lookup.
std::string reporter_organization(const std::string& reporter) {
  const Result<Name> name = Name::parse(reporter);
  return name ? dmarc::org_domain_psl(*name).text() : reporter;
}

// Two domains of one organization must not count as two reporters.
std::string reporter_group(const Config& config, const std::string& reporter) {
  const std::string id = organization_id(config, reporter);
  return id.empty() ? reporter_organization(reporter) : id;
}

Name names_below(const Name& domain) {
  const Result<Name> below = domain.child("*");
  return below ? *below : domain;
}

const HeardReporters& Evidence::heard_on(const Name& domain) const {
  static const HeardReporters none;
  const auto found = heard.find(domain);
  return found == heard.end() ? none : found->second;
}

void name_known_reporters(Evidence& evidence, const Config& config) {
  std::set<std::string> all;
  for (const EvidenceRow& row : evidence.rows) all.insert(row.reporter);
  // Each name once, before the list is searched: a domain has many rows and few reporters.
  std::erase_if(all, [&](const std::string& one) {
    return reporter_kind(config, one) != ReporterKind::Known;
  });
  evidence.known_reporters = std::move(all);
}

}  // namespace rampart
