/// The consent of external report addresses: as desired records, or checked in DNS.
#include "policies/dmarc/report_authorization.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "mail/dmarc/org_domain.h"
#include "policies/model/wildcards.h"
#include "policies/rules/names.h"

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

// Whether the wildcard `*._report._dmarc.<host>` gives the consent at `name`; nullopt where the
// zone does not show it. Many report services publish this wildcard in place of a record for each
// customer. It does not answer below a name that exists: the record of another.com makes
// com._report._dmarc exist (RFC 4592 section 3.3.1).
std::optional<bool> wildcard_consents(const Name& host, const Name& name, const LiveZone& zone) {
  const auto owner = host.child("*._report._dmarc");
  if (!owner || wildcard_for(name, zone) != *owner) return false;
  const RecordKey key{*owner, RecordType::TXT};
  if (!has_wildcard(key, zone)) return false;
  const LiveSet live = zone.at(key);
  const bool present = live.state == LiveState::Present;
  if (present && !grants({live.set.values.begin(), live.set.values.end()})) return false;
  return present && zone.complete ? std::optional(true) : std::nullopt;
}

// Whether the answer at `name` is a consent; nullopt where it is to be queried, or failed. A query
// that failed proves neither consent nor its absence, so that its finding is Info.
std::optional<bool> consent_in_answer(const Domain& domain, const Name& host, const Name& name,
                                      const World& world, PolicyResult& policy_result) {
  using Consents = std::optional<bool>;
  const Answer* answer = find_answer(world.answers, name, RecordType::TXT);
  if (answer == nullptr) {
    policy_result.unknown.push_back({name, RecordType::TXT});
    return std::nullopt;
  }
  return answer->match(
      [](const std::vector<std::string>& values) { return Consents(grants(values)); },
      [] { return Consents(false); },
      [&](const std::string& detail) {
        policy_result.findings.push_back(
            unauthorized(domain, Severity::Info,
                         fmt::format("whether {} accepts reports about {} could not be checked: {}",
                                     host.text(), domain.name.text(), detail),
                         "plan again when the name can be resolved"));
        return Consents();
      });
}

// The host's zone is managed too, so that its consent is a desired record. Beside a wildcard of
// every provider the record would be superfluous, and would hide a later removal of the wildcard.
void desire_in_zone(const Domain& domain, const Name& host, const Name& name, const World& world,
                    PolicyResult& policy_result) {
  const auto desire = [&] {
    DesiredRecord desired = publication(
        {name, RecordType::TXT},
        ParsedValue(RecordKind::ReportAuthorization, std::string(kGranted)),
        fmt::format(
            "because receivers send reports about {} to {} only if it publishes its consent",
            domain.name.text(), host.text()));
    // A change in stage publish would hold the parked domain's own records, which are in enforce.
    if (domain.state == DomainState::Parked) desired.stage = Stage::Enforce;
    policy_result.desired_records.push_back(std::move(desired));
  };
  bool shown = true;
  for (const LiveZone* zone : world.zones_for(domain, name)) {
    const std::optional<bool> consents = wildcard_consents(host, name, *zone);
    if (consents == false) return desire();
    shown = shown && consents.has_value();
  }
  if (!shown && consent_in_answer(domain, host, name, world, policy_result) == false) desire();
}

void check_elsewhere(const Domain& domain, const Name& host, const Name& name, const World& world,
                     PolicyResult& policy_result) {
  if (consent_in_answer(domain, host, name, world, policy_result) != false) return;
  policy_result.findings.push_back(unauthorized(
      domain, Severity::Warning,
      fmt::format("{} has not agreed to receive reports about {}, so reporters send none there",
                  host.text(), domain.name.text()),
      fmt::format("ask its owner to publish {} TXT \"v=DMARC1\", or use an address in {}",
                  name.text(), dmarc::org_domain_psl(domain.name).text())));
}

}  // namespace

std::set<Name> report_domains(const std::vector<std::string>& rua,
                              const std::vector<std::string>& ruf) {
  std::set<Name> domains;
  for (const auto* uris : {&rua, &ruf}) {
    for (const std::string& uri : *uris) {
      auto name = Name::parse(dmarc::uri_host(uri).value_or(""));
      if (name) domains.insert(std::move(name).value());
    }
  }
  return domains;
}

// RFC 9990 section 4: consent is needed only outside the organizational domain.
PolicyResult report_authorizations(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  const std::set<Name> hosts = report_domains(domain.dmarc.rua, domain.dmarc.ruf);
  for (const Name& host : hosts) {
    // Read by a guardrail, which knows what the plan does to other domains.
    rules::read_mail_domain(host, world.answers, policy_result.unknown);
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
