/// From answers to facts: the DMARC record that governs a domain, by either generation.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mail/dmarc/discovery.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/dmarc.h"

namespace rampart::audit {
namespace {

// The TXT answer at a domain's `_dmarc`; null where it is unknown.
const Answer* dmarc_answer(const Name& domain, const Table& table) {
  const auto name = dmarc::dmarc_name(domain);
  return name ? find_answer(table.answers, *name, RecordType::TXT) : nullptr;
}

// The DMARC values at a domain's `_dmarc`. For names whose answer is known to be data or none. Only
// values that begin with v=DMARC1 count (RFC 9989 section 4.10); others at the name are ignored.
std::vector<std::string> records_at(const Name& domain, const Table& table) {
  std::vector<std::string> records;
  const Answer* answer = dmarc_answer(domain, table);
  if (answer == nullptr) return records;
  std::ranges::copy_if(answer->values_or_none(), std::back_inserter(records), dmarc::is_dmarc);
  return records;
}

// What is published at a domain's `_dmarc` and is no record there. The first near miss is enough:
// it shows what is wrong, and a second one adds no action.
void read_near_miss(Facts& facts, const Name& domain, const Table& table) {
  const Answer* answer = dmarc_answer(domain, table);
  if (answer == nullptr) return;
  const RecordKey key{*dmarc::dmarc_name(domain), RecordType::TXT};
  for (const std::string& value : answer->values_or_none()) {
    const auto slip = rules::dmarc_slip(key, value);
    if (!slip || facts.dmarc.near_miss_at) continue;
    facts.dmarc.near_miss_at = domain;
    facts.dmarc.near_miss = value;
    facts.dmarc.slip = *slip;
  }
  note_strays(facts, key.name, *answer);
}

// Records every name of the tree walk that DNS did not answer for.
void record_walk_failures(Facts& facts, const Table& table) {
  for (const Name& name : dmarc::walk_names(facts.subject.domain)) {
    const Answer* answer = find_answer(table.answers, name, RecordType::TXT);
    if (answer == nullptr || answer->status != AnswerStatus::Failed) continue;
    record_failure(facts, name, *answer);
    facts.dmarc.problem = answer->detail;
  }
}

// Called where the policy is known: found, or certainly none.
std::optional<dmarc::DiscoveredPolicy> policy_in(const Known<dmarc::DiscoveredPolicy>& known) {
  using Policy = std::optional<dmarc::DiscoveredPolicy>;
  return known.match([](const dmarc::DiscoveredPolicy& one) { return Policy(one); },
                     [] { return Policy(); }, [](const Unanswered&) { return Policy(); });
}

// RFC 7489 section 7.1 and RFC 9990 section 4: a host of another organization must agree.
ReportAddress address_of(const std::string& uri, const Name& host, const Name& at, Facts& facts,
                         const Table& table) {
  using Consent = ReportAddress::Consent;
  ReportAddress address{uri, host, Consent::Own};
  if (dmarc::org_domain_psl(host) == dmarc::org_domain_psl(at)) return address;
  const auto name = host.child(at.text() + "._report._dmarc");
  address.consent = Consent::Refused;
  if (!name) return address;
  const Answer* answer = answer_for(facts, table, *name, RecordType::TXT);
  if (answer == nullptr) {
    address.consent = Consent::Unknown;
    return address;
  }
  address.consent = answer->match(
      [](const std::vector<std::string>& values) {
        const bool granted = std::ranges::any_of(values, dmarc::is_dmarc);
        return granted ? Consent::Granted : Consent::Refused;
      },
      [] { return Consent::Refused; },
      [&](const std::string&) {
        record_failure(facts, *name, *answer);
        return Consent::Unknown;
      });
  return address;
}

// An address without a usable host cannot receive reports; its tag is reported as a problem
// already.
std::vector<ReportAddress> read_addresses(std::string_view tag, Facts& facts, const Table& table) {
  const Name& at = facts.dmarc.discovered()->at;
  const dmarc::Record& record = facts.dmarc.record;
  const std::vector<std::string> uris = tag == "rua" ? record.rua : record.ruf;
  std::vector<ReportAddress> addresses;
  for (const std::string& uri : uris) {
    const auto text = dmarc::uri_host(uri);
    const auto host = Name::parse(text.value_or(""));
    if (auto problem = rules::report_uri_problem(tag, uri)) {
      facts.dmarc.problems.push_back(std::move(*problem));
      continue;
    }
    if (!host) continue;
    addresses.push_back(address_of(uri, *host, at, facts, table));
    addresses.back().mail = rules::read_mail_domain(*host, table.answers, facts.unknown);
  }
  return addresses;
}

// The p of the organizational domains by both generations, the milder one.
std::optional<dmarc::Policy> org_policy_of(const Facts& facts, const Table& table) {
  std::optional<dmarc::Policy> policy;
  for (const auto* found : {&facts.dmarc.by_walk, &facts.dmarc.by_psl}) {
    if (!*found) continue;
    const auto records = records_at((*found)->org_domain, table);
    const auto read = records.size() == 1 ? dmarc::parse_lenient(records.front())
                                          : Result<dmarc::Lenient>(Error{});
    if (!read) continue;
    const dmarc::Policy p = read->record.p.value_or(dmarc::Policy::None);
    policy = std::min(policy.value_or(p), p);
  }
  return policy;
}

// The problems of the text are read again leniently: discovery keeps the record alone.
void read_discovered(Facts& facts, const Table& table) {
  DmarcFacts& dmarc = facts.dmarc;
  const dmarc::DiscoveredPolicy& discovered = *dmarc.discovered();
  dmarc.state = State::Valid;
  dmarc.record = discovered.record;
  const auto records = records_at(discovered.at, table);
  if (!records.empty()) dmarc.text = records.front();
  if (const auto read = dmarc::parse_lenient(dmarc.text)) dmarc.problems = read->problems;
  dmarc.org_policy = org_policy_of(facts, table);
  dmarc.rua = read_addresses("rua", facts, table);
  dmarc.ruf = read_addresses("ruf", facts, table);
}

// No record governs: none is published, or receivers ignore those that are. Only the domain and its
// organizational domain matter here: a record between them would not govern by RFC 7489.
void read_nothing(Facts& facts, const Table& table) {
  DmarcFacts& dmarc = facts.dmarc;
  dmarc.state = State::None;
  for (const Name& domain : {facts.subject.domain, dmarc::org_domain_psl(facts.subject.domain)}) {
    const auto records = records_at(domain, table);
    if (records.empty()) continue;
    dmarc.state = records.size() > 1 ? State::Several : State::Invalid;
    if (records.size() > 1) return;
    dmarc.text = records.front();
    const auto read = dmarc::parse_lenient(dmarc.text);
    if (!read) dmarc.problem = sentence(read.error());
    return;
  }
}

}  // namespace

// Discovery by both generations comes first, since all else depends on which record governs.
void gather_dmarc(Facts& facts, Table& table) {
  const std::size_t open = facts.unknown.size();
  const Name& domain = facts.subject.domain;
  facts.dmarc = {};
  facts.is_org = dmarc::org_domain_psl(domain) == domain;
  DmarcFacts& dmarc = facts.dmarc;
  const auto by_walk = dmarc::discover_by_walk(domain, table.answers, facts.unknown);
  const auto by_psl = dmarc::discover_by_psl(domain, table.answers, facts.unknown);
  if (facts.unknown.size() != open) return;
  dmarc.several_here = records_at(domain, table).size() > 1;
  // The organization's record governs where the domain has none of its own.
  read_near_miss(facts, domain, table);
  if (!facts.is_org) read_near_miss(facts, dmarc::org_domain_psl(domain), table);
  // A query without an answer may hide the record that governs: nothing is concluded from what the
  // other queries found, and no points are given for it.
  if (by_walk.gap() != nullptr || by_psl.gap() != nullptr) {
    record_walk_failures(facts, table);
    dmarc.state = State::Unobservable;
    return;
  }
  dmarc.by_walk = policy_in(by_walk);
  dmarc.by_psl = policy_in(by_psl);
  if (dmarc.discovered() != nullptr) {
    read_discovered(facts, table);
  } else {
    read_nothing(facts, table);
  }
  if (facts.unknown.size() != open) dmarc.state = State::Unknown;
}

// One view for score, findings and profiles, so that they cannot contradict each other.
Enforcement enforcement_of(const DmarcFacts& dmarc) {
  Enforcement enforcement;
  if (dmarc.discovered() == nullptr) return enforcement;
  enforcement.governed = true;
  // Forgers choose the receiver: a domain is protected as far as both generations protect it.
  const bool both = dmarc.by_walk && dmarc.by_psl;
  enforcement.policy =
      both ? std::min(dmarc.by_walk->policy, dmarc.by_psl->policy) : dmarc::Policy::None;
  enforcement.whole = rules::applies_in_full(dmarc.record);
  enforcement.sub_domains = rules::covers_sub_domains(*dmarc.discovered());
  using Consent = ReportAddress::Consent;
  for (const ReportAddress& one : dmarc.rua) {
    const bool refused = one.consent == Consent::Refused;
    const bool receives = one.mail && !one.is_undeliverable() && !refused;
    enforcement.reports = enforcement.reports || receives;
    enforcement.all_receive = enforcement.all_receive && receives;
  }
  return enforcement;
}

}  // namespace rampart::audit
