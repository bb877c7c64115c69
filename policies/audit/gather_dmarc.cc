/// From answers to facts: the DMARC record that governs a domain, by either generation.
#include <algorithm>

#include "mail/dmarc/discovery.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

// The DMARC values at a name; empty also where DNS failed.
std::vector<std::string> records_at(const Name& domain, const Table& table) {
  std::vector<std::string> records;
  const auto name = dmarc::dmarc_name(domain);
  const Answer* answer = name ? find_answer(table.answers, *name, RecordType::TXT) : nullptr;
  if (answer == nullptr) return records;
  std::ranges::copy_if(answer->values, std::back_inserter(records), dmarc::is_dmarc);
  return records;
}

std::string slip_at(const Name& domain, const Table& table) {
  const auto name = dmarc::dmarc_name(domain);
  const Answer* answer = name ? find_answer(table.answers, *name, RecordType::TXT) : nullptr;
  if (answer == nullptr) return "";
  for (const std::string& value : answer->values) {
    if (const auto slip = near_miss({*name, RecordType::TXT}, value)) {
      return "`" + value + "`: " + *slip;
    }
  }
  return "";
}

// Notes every name of the walk that DNS did not answer; whether there was one.
bool failed_on_the_way(Facts& facts, const Table& table) {
  bool failed = false;
  for (const Name& name : dmarc::walk_names(facts.subject.domain)) {
    const Answer* answer = find_answer(table.answers, name, RecordType::TXT);
    if (answer == nullptr || answer->status != AnswerStatus::Failed) continue;
    note_failure(facts, name, *answer);
    facts.dmarc.problem = answer->detail;
    failed = true;
  }
  return failed;
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
  if (answer == nullptr || answer->status == AnswerStatus::Failed) {
    address.consent = Consent::Unknown;
    if (answer != nullptr) note_failure(facts, *name, *answer);
  } else if (std::ranges::any_of(answer->values, dmarc::is_dmarc)) {
    address.consent = Consent::Granted;
  }
  return address;
}

void read_addresses(Facts& facts, const Table& table) {
  const Name& at = facts.dmarc.discovered()->at;
  for (const std::string& uri : facts.dmarc.record.rua) {
    const auto text = dmarc::uri_host(uri);
    const auto host = Name::parse(text.value_or(""));
    if (host) facts.dmarc.rua.push_back(address_of(uri, *host, at, facts, table));
  }
}

void read_discovered(Facts& facts, const Table& table) {
  DmarcFacts& dmarc = facts.dmarc;
  const dmarc::DiscoveredPolicy& discovered = *dmarc.discovered();
  dmarc.state = State::Valid;
  dmarc.record = discovered.record;
  const auto records = records_at(discovered.at, table);
  if (!records.empty()) dmarc.text = records.front();
  if (const auto read = dmarc::parse_lenient(dmarc.text)) dmarc.problems = read->problems;
  read_addresses(facts, table);
}

// Nothing governs: because there is nothing, or because receivers cannot use what there is.
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

void gather_dmarc(Facts& facts, Table& table) {
  const std::size_t open = facts.unknown.size();
  const Name& domain = facts.subject.domain;
  facts.dmarc = {};
  facts.is_org = dmarc::org_domain_psl(domain) == domain;
  DmarcFacts& dmarc = facts.dmarc;
  dmarc.by_walk = dmarc::discover_by_walk(domain, table.answers, facts.unknown);
  dmarc.by_psl = dmarc::discover_by_psl(domain, table.answers, facts.unknown);
  if (facts.unknown.size() != open) return;
  dmarc.several_here = records_at(domain, table).size() > 1;
  dmarc.slip = slip_at(domain, table);
  if (dmarc.discovered() != nullptr) {
    read_discovered(facts, table);
  } else if (failed_on_the_way(facts, table)) {
    dmarc.state = State::Unobservable;
  } else {
    read_nothing(facts, table);
  }
  if (facts.unknown.size() != open) dmarc.state = State::Unknown;
}

Enforcement enforcement_of(const DmarcFacts& dmarc) {
  Enforcement enforcement;
  const dmarc::DiscoveredPolicy* discovered = dmarc.discovered();
  if (discovered == nullptr) return enforcement;
  enforcement.governed = true;
  // A domain is protected as far as receivers of both generations protect it.
  const bool both = dmarc.by_walk && dmarc.by_psl;
  enforcement.policy =
      both ? std::min(dmarc.by_walk->policy, dmarc.by_psl->policy) : dmarc::Policy::None;
  const dmarc::Record& record = dmarc.record;
  enforcement.whole = record.pct.value_or(100) == 100 && !record.testing.value_or(false);
  const dmarc::Policy p = record.p.value_or(dmarc::Policy::None);
  const dmarc::Policy sp = record.sp.value_or(p);
  enforcement.sub_domains = sp >= p && record.np.value_or(sp) >= p;
  using Consent = ReportAddress::Consent;
  for (const ReportAddress& one : dmarc.rua) {
    const bool refused = one.consent == Consent::Refused;
    enforcement.reports = enforcement.reports || !refused;
    enforcement.all_consent = enforcement.all_consent && !refused;
  }
  return enforcement;
}

std::string_view to_text(ReportAddress::Consent consent) {
  switch (consent) {
    case ReportAddress::Consent::Own:
      return "own";
    case ReportAddress::Consent::Granted:
      return "granted";
    case ReportAddress::Consent::Refused:
      return "refused";
    case ReportAddress::Consent::Unknown:
      return "unknown";
  }
  return "";
}

}  // namespace rampart::audit
