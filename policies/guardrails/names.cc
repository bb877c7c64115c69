/// What a plan's records refer to, compared with what they referred to before: a name that does not
/// exist is refused where it is new, and reported where it is live already.
#include "policies/guardrails/names.h"

#include <algorithm>
#include <map>
#include <set>

#include "mail/spf/tree.h"
#include "policies/dmarc/report_authorization.h"
#include "policies/guardrails/spf.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/model/wildcards.h"
#include "policies/rules/names.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

bool answers_for(const LiveZone& zone, const RecordKey& key) {
  const auto holds = [&](const Name& name, RecordType type) {
    return zone.at({name, type}).state == LiveState::Present;
  };
  const bool address = key.type == RecordType::A;
  const auto answers = [&](const Name& name) {
    return holds(name, key.type) || holds(name, RecordType::CNAME) ||
           (address && holds(name, RecordType::AAAA));
  };
  if (answers(key.name)) return true;
  const auto wildcard = wildcard_for(key.name, zone);
  return wildcard && (has_wildcard({*wildcard, key.type}, zone) ||
                      has_wildcard({*wildcard, RecordType::CNAME}, zone) ||
                      (address && has_wildcard({*wildcard, RecordType::AAAA}, zone)));
}

// The policies put the questions, so that what is still unknown here had no answer.
rules::NameFaults faults_of(const SpfCase& item, const SpfView& view, const World& world) {
  if (!view.record) return {};
  std::vector<Question> unanswered;
  const Name& domain = item.domain.name;
  const spf::Tree tree = spf::tree_of(domain, *view.record, *view.answers);
  auto faults = rules::spf_name_faults(domain, tree.root, world.answers, unanswered);
  std::erase_if(
      faults, [&](const rules::NameFault& one) { return is_in_zones(world, item.domain, one.at); });
  return faults;
}

bool had(const rules::NameFaults& before, const rules::NameFault& fault) {
  return std::ranges::any_of(before, [&](const rules::NameFault& other) {
    return other.at == fault.at && other.fault.code == fault.fault.code;
  });
}

bool passes_somebody(const spf::Record& record) {
  return contains(record.directives, spf::Qualifier::Pass, &spf::Directive::qualifier) ||
         record.find_modifier("redirect") != nullptr;
}

// By the zone alone: a resolver may still have the MX of yesterday.
bool has_null_mx(const SpfCase& item) {
  const LiveSet live = item.zone.at({item.domain.name, RecordType::MX});
  if (live.state != LiveState::Present) return false;
  return rules::is_null_mx({live.set.values.begin(), live.set.values.end()});
}

// The domains of the addresses to which reports go by the live DMARC records.
std::set<Name> live_hosts(const Domain& domain, const World& world, const RecordKey& key) {
  std::set<Name> hosts;
  for (const ParsedValue& value : live_values(domain, world, key, RecordKind::Dmarc)) {
    if (value.dmarc() == nullptr) continue;
    const dmarc::Record& record = value.dmarc()->lenient.record;
    hosts.merge(report_domains(record.rua, record.ruf));
  }
  return hosts;
}

// What the plan itself publishes at a parked domain counts, and what a zone holds; else the
// answers.
rules::NameReading mail_at(const Name& host, const Domain& domain, const Config& config,
                           const World& world) {
  std::vector<Question> unanswered;
  rules::NameReading reading = rules::read_mail_domain(host, world.answers, unanswered);
  const Domain* listed = find_value(config.domains, host);
  if (listed != nullptr && listed->state == DomainState::Parked) {
    reading.state = rules::NameState::NullMx;
    return reading;
  }
  for (const LiveZone* zone : world.zones_for(domain, host)) {
    const LiveSet mx = zone->at({host, RecordType::MX});
    const bool known = mx.state == LiveState::Present && !mx.set.values.empty();
    if (known) {
      const bool null = rules::is_null_mx({mx.set.values.begin(), mx.set.values.end()});
      reading.state = null ? rules::NameState::NullMx : rules::NameState::Usable;
    } else if (answers_for(*zone, {host, RecordType::A})) {
      reading.state = rules::NameState::Usable;
    }
  }
  return reading;
}

void check_reports(const Domain& domain, const Config& config, const World& world,
                   Findings& found) {
  const auto at = domain.name.child("_dmarc");
  if (!at) return;
  const RecordKey key{*at, RecordType::TXT};
  const std::set<Name> before = live_hosts(domain, world, key);
  const bool unread = any_unread(domain, world, key);
  for (const Name& host : report_domains(domain.dmarc.rua, domain.dmarc.ruf)) {
    const rules::NameReading mail = mail_at(host, domain, config, world);
    for (rules::Fault& fault : rules::report_host_faults(domain.name, host, mail)) {
      const bool caused = fault.blocks && !unread && !before.contains(host);
      Finding finding = to_finding(std::move(fault), domain.name, domain.dmarc.mark);
      finding.severity = caused ? Severity::Error : Severity::Warning;
      if (caused) finding.withholds = {key};
      found.push_back(std::move(finding));
    }
  }
}

bool publishes_dmarc(const Domain& domain) {
  const bool managed = domain.state == DomainState::Managed;
  return domain.state == DomainState::Parked ||
         (managed && domain.dmarc.position.phase >= Phase::Monitor);
}

}  // namespace

bool is_in_zones(const World& world, const Domain& domain, const RecordKey& key) {
  return std::ranges::any_of(world.zones_for(domain, key.name),
                             [&](const LiveZone* zone) { return answers_for(*zone, key); });
}

void check_names(const SpfCase& item, const World& world, Findings& found) {
  const bool changes = !item.changes.empty();
  const auto before = changes ? faults_of(item, item.before, world) : rules::NameFaults{};
  for (rules::NameFault& one : faults_of(item, item.after, world)) {
    const bool caused = changes && !had(before, one);
    found.push_back(caused ? spf_refusal(item, std::move(one.fault))
                           : spf_finding(item, std::move(one.fault)));
  }
  if (item.after.record && passes_somebody(*item.after.record) && has_null_mx(item)) {
    found.push_back(spf_finding(item, rules::mx_null_sender(item.domain.name)));
  }
}

Findings report_hosts(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const Name& name : plan.domains) {
    const Domain* domain = find_value(config.domains, name);
    if (domain != nullptr && publishes_dmarc(*domain)) {
      check_reports(*domain, config, world, found);
    }
  }
  return found;
}

}  // namespace rampart
