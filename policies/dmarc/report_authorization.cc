/// The consent of external report addresses: as desired records, or checked in DNS.
#include "policies/dmarc/report_authorization.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mail/dmarc/org_domain.h"

namespace rampart {
namespace {

constexpr std::string_view kGranted = "v=DMARC1";

// RFC 7489 section 7.1 requires a record that begins with v=DMARC1 and allows further tags. Of
// several records, one is enough.
bool grants(const std::vector<std::string>& values) {
  return std::ranges::any_of(values, dmarc::is_dmarc);
}

// `severity` is never Error: the DMARC record is valid, only reports do not arrive.
Finding unauthorized(const Domain& domain, Severity severity, std::string message,
                     std::string hint) {
  return marked(
      finding_of(domain, severity, "report-unauthorized", std::move(message), std::move(hint)),
      domain.dmarc.mark);
}

// Whether `*._report._dmarc.<host>` exists. Many report services publish this wildcard in place of
// a record for each customer.
bool has_wildcard(const Name& host, const LiveZone& zone) {
  const auto name = host.child("*._report._dmarc");
  if (!name) return false;
  const RecordKey key{*name, RecordType::TXT};
  return zone.wildcards.contains(key) || zone.at(key).state == LiveState::Present;
}

// The host's zone is managed too, so that its consent is a desired record. Beside a wildcard the
// record would be superfluous, and would hide a later removal of the wildcard.
void desire_in_zone(const Domain& domain, const Name& host, const Name& name, const World& world,
                    PolicyResult& policy_result) {
  for (const LiveZone* zone : world.zones_for(domain, name)) {
    if (has_wildcard(host, *zone)) return;
  }
  DesiredRecord desired = publication(
      {name, RecordType::TXT}, ParsedValue(RecordKind::ReportAuthorization, std::string(kGranted)),
      fmt::format("because receivers send reports about {} to {} only if it publishes its consent",
                  domain.name.text(), host.text()));
  // A change in stage publish would hold the parked domain's own records, which are in enforce.
  if (domain.state == DomainState::Parked) desired.stage = Stage::Enforce;
  policy_result.desired_records.push_back(std::move(desired));
}

// A query that failed proves neither consent nor its absence, so that its finding is Info.
void check_elsewhere(const Domain& domain, const Name& host, const Name& name, const World& world,
                     PolicyResult& policy_result) {
  const Answer* answer = find_answer(world.answers, name, RecordType::TXT);
  if (answer == nullptr) {
    policy_result.unknown.push_back({name, RecordType::TXT});
    return;
  }
  const auto report_refusal = [&] {
    policy_result.findings.push_back(unauthorized(
        domain, Severity::Warning,
        fmt::format("{} has not agreed to receive reports about {}, so reporters send none there",
                    host.text(), domain.name.text()),
        fmt::format("ask its owner to publish {} TXT \"v=DMARC1\", or use an address in {}",
                    name.text(), dmarc::org_domain_psl(domain.name).text())));
  };
  answer->match(
      [&](const std::vector<std::string>& values) {
        if (!grants(values)) report_refusal();
      },
      report_refusal,
      [&](const std::string& detail) {
        policy_result.findings.push_back(
            unauthorized(domain, Severity::Info,
                         fmt::format("whether {} accepts reports about {} could not be checked: {}",
                                     host.text(), domain.name.text(), detail),
                         "plan again when the name can be resolved"));
      });
}

}  // namespace

// RFC 9990 section 4: consent is needed only outside the organizational domain.
PolicyResult report_authorizations(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  std::set<Name> hosts;
  for (const auto* uris : {&domain.dmarc.rua, &domain.dmarc.ruf}) {
    for (const std::string& uri : *uris) {
      const auto name = Name::parse(dmarc::uri_host(uri).value_or(""));
      if (name) hosts.insert(*name);
    }
  }
  const Name org = dmarc::org_domain_psl(domain.name);
  for (const Name& host : hosts) {
    if (dmarc::org_domain_psl(host) == org) continue;
    const auto name = host.child(domain.name.text() + "._report._dmarc");
    if (!name) {
      policy_result.findings.push_back(unauthorized(
          domain, Severity::Warning,
          fmt::format("the name at which {} would publish its consent to reports is too long",
                      host.text()),
          "use a shorter host, or an address of your own"));
    } else if (!world.zones_for(domain, *name).empty()) {
      desire_in_zone(domain, host, *name, world, policy_result);
    } else {
      check_elsewhere(domain, host, *name, world, policy_result);
    }
  }
  return policy_result;
}

}  // namespace rampart
