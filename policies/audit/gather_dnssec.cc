/// From answers to facts: DNSSEC and the TLSA records of MX hosts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/model/lookup.h"

namespace rampart::audit {
namespace {

constexpr std::array<std::string_view, 3> kSecurities = {"unknown", "secure", "insecure"};

/// One question's answer; where there is none, a failure.
const DnssecAnswer& answer_in(const DnssecAnswers& known, const Name& name, RecordType type) {
  static const DnssecAnswer kNone{Answer{.detail = "was not resolved"}, false};
  const DnssecAnswer* found = find_value(known.answers, Question{name, type});
  return found == nullptr ? kNone : *found;
}

// A validating resolver answers SERVFAIL for data that fails validation, so that an answer without
// AD comes from a zone that it knows to be unsigned (RFC 4035 section 3.2.3). From any other
// resolver the missing bit means nothing.
Security security_of(const DnssecAnswer& one, const DnssecAnswers& known) {
  if (one.answer.status == AnswerStatus::Failed) return Security::Unknown;
  if (one.authenticated) return Security::Secure;
  return known.validating ? Security::Insecure : Security::Unknown;
}

/// The record set of a reading; NoData and NXDOMAIN are both none.
void read_answer(const Answer& answer, Reading& reading) {
  if (answer.status == AnswerStatus::Failed) {
    reading.state = State::Unobservable;
    reading.problem = answer.detail;
    return;
  }
  const std::vector<std::string>& values = answer.values_or_none();
  reading.state = values.empty() ? State::None : State::Valid;
  reading.text = fmt::format("{}", fmt::join(values, "; "));
}

/// The domain and the names above it, without the root: each may begin a zone.
std::vector<Name> names_above(const Name& domain) {
  std::vector<Name> names;
  for (Name name = domain; !name.is_root(); name = name.parent()) names.push_back(name);
  std::ranges::reverse(names);
  return names;
}

void read_chain(Facts& facts, const DnssecAnswers& known) {
  for (const Name& name : names_above(facts.subject.domain)) {
    const DnssecAnswer& answer = answer_in(known, name, RecordType::DS);
    DelegationFacts one{Reading(), name, security_of(answer, known)};
    read_answer(answer.answer, one);
    facts.dnssec.chain.push_back(std::move(one));
  }
}

// Without AD there is one proof more: the parent's signed statement that it has no DS for a name
// that is a zone, as its SOA shows.
void read_domain(Facts& facts, const DnssecAnswers& known) {
  DnssecFacts& dnssec = facts.dnssec;
  const DnssecAnswer& soa = answer_in(known, facts.subject.domain, RecordType::SOA);
  const DnssecAnswer& mx = answer_in(known, facts.subject.domain, RecordType::MX);
  for (const DnssecAnswer* one : {&mx, &soa}) {
    if (one->answer.status != AnswerStatus::Failed) continue;
    dnssec.state = State::Unobservable;
    dnssec.problem = one->answer.detail;
    return;
  }
  dnssec.state = State::Valid;
  dnssec.security = security_of(mx, known);
  if (dnssec.security != Security::Unknown) return;
  const DelegationFacts& own = dnssec.chain.back();
  const bool zone = soa.answer.status == AnswerStatus::Data && soa.answer.cnames.empty();
  if (zone && own.state == State::None && own.security == Security::Secure) {
    dnssec.security = Security::Insecure;
    return;
  }
  dnssec.problem = own.state == State::Valid
                       ? "there are DS records, but the resolver does not validate"
                       : "the resolver does not show that it validates";
}

/// The TLSA records of one host, sorted into those that senders use and the reasons for the others.
void read_tlsa(const Answer& answer, TlsaFacts& tlsa) {
  read_answer(answer, tlsa);
  bool usable = false;
  for (const std::string& value : answer.values_or_none()) {
    tlsa.records.push_back(value);
    const auto record = parse_tlsa(value);
    const std::string problem = record ? unusable_for_smtp(*record) : record.error().what;
    usable = usable || problem.empty();
    if (!problem.empty()) tlsa.problems.push_back(fmt::format("\"{}\": {}", value, problem));
  }
  if (tlsa.state != State::Valid || usable) return;
  tlsa.state = State::Invalid;
  tlsa.problem = tlsa.problems.front();
}

/// The names of the hosts' TLSA records (RFC 7672 section 2.2.3). A host whose name is too long for
/// one cannot have any, and is left out.
std::vector<Name> tlsa_names(const Facts& facts) {
  std::vector<Name> names;
  for (const Name& host : facts.mx.hosts) {
    if (const auto name = host.child("_25._tcp")) names.push_back(*name);
  }
  return names;
}

void read_hosts(Facts& facts, const DnssecAnswers& known) {
  for (const Name& name : tlsa_names(facts)) {
    const DnssecAnswer& answer = answer_in(known, name, RecordType::TLSA);
    TlsaFacts one{Reading(), name, {}, {}, security_of(answer, known)};
    read_tlsa(answer.answer, one);
    facts.dnssec.hosts.push_back(std::move(one));
  }
}

}  // namespace

std::string_view to_text(Security security) { return word_of(kSecurities, security); }

// The MX set is queried again: that answer's AD bit is what senders go by.
std::vector<Question> dnssec_questions(const Facts& facts) {
  const Name& domain = facts.subject.domain;
  std::vector<Question> questions = {{domain, RecordType::SOA}, {domain, RecordType::MX}};
  for (const Name& name : names_above(domain)) questions.push_back({name, RecordType::DS});
  for (const Name& name : tlsa_names(facts)) questions.push_back({name, RecordType::TLSA});
  return questions;
}

// Silence about DNSSEC is no fault of the domain: it makes its rules unknown, and is no failure of
// the audit as a whole.
void set_dnssec(Facts& facts, const DnssecAnswers& answers) {
  facts.dnssec = {};
  read_chain(facts, answers);
  read_domain(facts, answers);
  read_hosts(facts, answers);
}

}  // namespace rampart::audit
