/// MTA-STS, TLS-RPT and BIMI.
#include "mail/transport/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <set>
#include <span>
#include <utility>

#include "base/counted.h"
#include "base/sha256.h"
#include "mail/dkim/key.h"
#include "mail/dmarc/discovery.h"
#include "mail/dmarc/org_domain.h"
#include "mail/transport/policy.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/records/mta_sts.h"
#include "policies/records/transport.h"

namespace rampart {
namespace {

void desire(const Domain& domain, const Name& name, ParsedValue value, std::string reason,
            PolicyResult& policy_result) {
  DesiredRecord desired = publication({name, RecordType::TXT}, std::move(value), std::move(reason));
  desired.ttl = domain.ttl;
  policy_result.desired_records.push_back(std::move(desired));
}

// The host and path are fixed by RFC 8461 section 3.3.
std::string policy_url(const Domain& domain) {
  return fmt::format("https://mta-sts.{}/.well-known/mta-sts.txt", domain.name.text());
}

// Whether senders treat both alike; the order of hosts has no meaning to them.
bool same_policy(const MtaStsPolicy& a, const MtaStsPolicy& b) {
  const auto hosts = [](const MtaStsPolicy& one) {
    return std::set<std::string>(one.mx.begin(), one.mx.end());
  };
  return a.mode == b.mode && a.max_age == b.max_age && hosts(a) == hosts(b);
}

// How what is served falls short of `wanted`; empty where senders get just that. The policy is
// compared by meaning, since web servers change line ends and the order of lines is free.
std::string shortfall(const ServedPolicy& served, const std::string& wanted) {
  if (served.state != ServedPolicy::State::Served) return served.problem;
  const auto now = parse_mta_sts_policy(served.text);
  if (!now) return now.error().what;
  const auto then = parse_mta_sts_policy(wanted);
  if (then && same_policy(*now, *then)) return "";
  return fmt::format("it serves mode {}, max_age {}, {}", to_text(now->mode), now->max_age,
                     counted(now->mx.size(), "mx line"));
}

// RFC 8461 section 8.1: the policy is served before the record announces it. A server that was
// asked and gives another policy keeps the record back.
void announce_policy(const Domain& domain, const World& world, const DesiredRecord& desired,
                     const std::string& policy, PolicyResult& policy_result) {
  const auto live = live_values(domain, world, desired.key, RecordKind::MtaSts);
  if (contains(live, *desired.value)) return;
  const auto served = world.served_policies.find(domain.name);
  const bool asked = served != world.served_policies.end();
  const std::string missing = asked ? shortfall(served->second, policy) : "";
  if (asked && missing.empty()) return;
  std::string lines = policy;
  std::erase(lines, '\r');
  std::ranges::replace(lines, '\n', '|');
  const bool wrong = asked && served->second.state != ServedPolicy::State::Unreachable;
  Finding finding = finding_of(
      domain, wrong ? Severity::Error : Severity::Info, "mta-sts-policy-first",
      fmt::format("{} must serve the new policy before its id is published: {}", policy_url(domain),
                  lines),
      asked ? "serve the file with these lines first; `|` is the end of a line"
            : "serve the file with these lines first (`|` is the end of a line), or plan with "
              "--check-mta-sts, which withholds the id until it is served");
  finding.mark = domain.mta_sts->mark;
  if (!missing.empty()) finding.message += fmt::format(" (now: {})", missing);
  if (wrong) finding.withholds = {desired.key};
  policy_result.findings.push_back(std::move(finding));
}

// The hosts that the policy names; nullopt where they are needed and not known. Mode none needs no
// MX (RFC 8461 section 8.3), and a given id needs no policy text; but an id that is derived from
// the hosts must not change because nobody answered.
std::optional<std::vector<std::string>> policy_hosts(const Domain& domain, const World& world,
                                                     PolicyResult& policy_result) {
  using Hosts = std::optional<std::vector<std::string>>;
  const MtaStsSpec& spec = *domain.mta_sts;
  if (!spec.mx.empty()) return spec.mx;
  const auto mx = live_mx(domain, world, policy_result.unknown);
  if (!policy_result.unknown.empty()) return std::nullopt;
  return mx.match(
      [](const std::vector<std::string>& hosts) { return Hosts(hosts); },
      [&] {
        if (spec.mode == MtaStsMode::None || spec.id) return Hosts(std::in_place);
        policy_result.findings.push_back(
            marked(finding_of(domain, Severity::Warning, "mta-sts-no-mx",
                              fmt::format("{} has no MX for its MTA-STS policy to name: `_mta-sts` "
                                          "is not changed",
                                          domain.name.text()),
                              "name the hosts in `mx:`, or remove `mta_sts:`"),
                   spec.mark));
        return Hosts();
      },
      [&](const Unanswered& gap) {
        Finding finding =
            marked(finding_of(domain, Severity::Error, "unobservable",
                              to_text(gap) +
                                  ", so the MTA-STS policy is not known: `_mta-sts` is not changed",
                              "plan again when DNS answers, or name the hosts in `mx:`"),
                   spec.mark);
        if (const auto name = domain.name.child("_mta-sts")) {
          finding.withholds = {{*name, RecordType::TXT}};
        }
        policy_result.findings.push_back(std::move(finding));
        return Hosts();
      });
}

// The id is derived from the policy's text, so that every change of the policy is announced. An
// unknown MX is never guessed: senders would refuse the real one.
void desire_mta_sts(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const auto name = domain.name.child("_mta-sts");
  const MtaStsSpec& spec = *domain.mta_sts;
  if (!name) return;
  const auto mx = policy_hosts(domain, world, policy_result);
  if (!mx) return;
  const std::string policy = mta_sts_policy(spec, *mx);
  const MtaStsRecord record{.id = spec.id.value_or(mta_sts_id(policy)), .unknown = {}};
  desire(domain, *name, ParsedValue(RecordKind::MtaSts, print(record)),
         fmt::format("because the YAML declares MTA-STS in mode {}", to_text(spec.mode)),
         policy_result);
  announce_policy(domain, world, policy_result.desired_records.back(), policy, policy_result);
}

// Without an address the record would be invalid (RFC 8460 section 3).
void desire_tls_rpt(const Domain& domain, PolicyResult& policy_result) {
  const auto name = domain.name.child("_smtp._tls");
  if (!name || domain.tls_rpt->rua.empty()) return;
  const TlsRptRecord record{.rua = domain.tls_rpt->rua, .unknown = {}};
  desire(domain, *name, ParsedValue(RecordKind::TlsRpt, print(record)),
         "because the YAML declares where TLS reports go", policy_result);
}

// Why mailbox providers show no logo at this policy, or nullopt.
std::optional<std::string> bimi_obstacle(const DmarcSpec& spec) {
  if (spec.position.phase < Phase::Quarantine) return "the DMARC policy is not enforced";
  if (spec.position.pct < 100) return "the DMARC policy is enforced for part of the mail only";
  if (spec.sp == dmarc::Policy::None) return "the DMARC policy exempts sub-domains (sp=none)";
  return std::nullopt;
}

// The BIMI draft, section 7.1, looks at the author domain and at its organizational domain: sp does
// not help where the organization itself asks for none. Nullopt where no record is known there.
std::optional<dmarc::Policy> org_policy(const Domain& domain, const World& world,
                                        PolicyResult& policy_result) {
  const Name org = dmarc::org_domain_psl(domain.name);
  if (org == domain.name) return std::nullopt;
  DmarcLookups lookups = dmarc_lookups_of(domain.name, world);
  std::ranges::move(lookups.unknown, std::back_inserter(policy_result.unknown));
  using Found = std::optional<dmarc::Policy>;
  return dmarc::find_record(org, lookups.answers, policy_result.unknown)
      .match(
          [](const std::string& text) {
            const auto read = dmarc::parse_lenient(text);
            return read ? Found(read->record.p.value_or(dmarc::Policy::None)) : Found();
          },
          [] { return Found(); }, [](const Unanswered&) { return Found(); });
}

// Published even while no logo is shown: the record is harmless, and it is needed on the day on
// which enforcement is complete.
void desire_bimi(const Domain& domain, const World& world, PolicyResult& policy_result) {
  const BimiSpec& spec = *domain.bimi;
  const auto name = domain.name.child(spec.selector + "._bimi");
  if (!name) return;
  BimiRecord record;
  record.logo = spec.logo;
  record.evidence = spec.evidence;
  desire(domain, *name, ParsedValue(RecordKind::Bimi, print(record)),
         "because the YAML declares a BIMI logo", policy_result);
  auto obstacle = bimi_obstacle(domain.dmarc);
  if (!obstacle && org_policy(domain, world, policy_result) == dmarc::Policy::None) {
    obstacle = fmt::format("the organizational domain {} asks for p=none",
                           dmarc::org_domain_psl(domain.name).text());
  }
  if (obstacle) {
    policy_result.findings.push_back(marked(
        finding_of(
            domain, Severity::Warning, "bimi-not-enforced",
            fmt::format("the BIMI logo of {} is not shown yet: {}", domain.name.text(), *obstacle),
            "move DMARC to quarantine or reject for all mail, sub-domains included"),
        spec.mark));
  }
}

// The host of "10 mx.example.com"; nullopt for the null MX.
std::optional<std::string> mx_host(const std::string& value) {
  const auto blank = value.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  const std::string host = value.substr(blank + 1);
  if (host == ".") return std::nullopt;
  return host;
}

}  // namespace

// The zone's own MX wins over the resolver's answer, which may be cached. Sorted and without
// duplicates, so that the derived id changes only with the hosts themselves.
Known<std::vector<std::string>> live_mx(const Domain& domain, const World& world,
                                        std::vector<Question>& unknown) {
  using Found = Known<std::vector<std::string>>;
  const RecordKey key{domain.name, RecordType::MX};
  const auto hosts_in = [](const auto& sets) -> Found {
    std::set<std::string> hosts;
    for (const auto& values : sets) {
      for (const std::string& value : values) {
        if (const auto host = mx_host(value)) hosts.insert(*host);
      }
    }
    if (hosts.empty()) return NoneFound();
    return std::vector<std::string>(hosts.begin(), hosts.end());
  };
  const auto sets = live_sets(domain, world, key);
  if (!sets.empty()) {
    return hosts_in(sets | std::views::transform(
                               [](const LiveSet& live) -> const auto& { return live.set.values; }));
  }
  const Answer* answer = find_or_note(world.answers, key, unknown);
  if (answer == nullptr) return Unanswered{key, ""};
  return answer->match(
      [&](const std::vector<std::string>& values) { return hosts_in(std::span(&values, 1)); },
      []() -> Found { return NoneFound(); },
      [&](const std::string& detail) -> Found {
        return Unanswered{key, detail};
      });
}

// CRLF is what RFC 8461 section 3.2 prescribes, though parsers accept more.
std::string mta_sts_policy(const MtaStsSpec& spec, const std::vector<std::string>& mx) {
  const auto max_age = add(Time{}, spec.max_age).time_since_epoch();
  std::string text = fmt::format("version: STSv1\r\nmode: {}\r\n", to_text(spec.mode));
  for (const std::string& host : mx) text += fmt::format("mx: {}\r\n", host);
  return text + fmt::format("max_age: {}\r\n", max_age.count());
}

// Twenty of at most 32 characters: enough to differ, short enough to compare by eye.
std::string mta_sts_id(const std::string& policy) { return sha256_hex(policy).substr(0, 20); }

// In phase discovery nothing is written at all.
PolicyResult transport_policy(const Domain& domain, const World& world) {
  PolicyResult policy_result;
  if (domain.dmarc.position.phase == Phase::Discovery) return policy_result;
  if (domain.mta_sts) desire_mta_sts(domain, world, policy_result);
  if (domain.tls_rpt) desire_tls_rpt(domain, policy_result);
  if (domain.bimi) desire_bimi(domain, world, policy_result);
  return policy_result;
}

}  // namespace rampart
