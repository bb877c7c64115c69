/// From answers to facts: MX, MTA-STS, TLS reports and BIMI.
#include <fmt/format.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

/// A record with a fixed name below the domain: its kind and its parser.
struct FixedRecord {
  const char* prefix;
  RecordKind kind;
  std::optional<Error> (*fault)(std::string_view text);
};

template <auto kParse>
std::optional<Error> fault_of(std::string_view text) {
  const auto parsed = kParse(text);
  return parsed ? std::nullopt : std::optional(parsed.error());
}

constexpr FixedRecord kMtaSts{"_mta-sts", RecordKind::MtaSts, fault_of<parse_mta_sts>};
constexpr FixedRecord kTlsRpt{"_smtp._tls", RecordKind::TlsRpt, fault_of<parse_tls_rpt>};
constexpr FixedRecord kBimi{"default._bimi", RecordKind::Bimi, fault_of<parse_bimi>};

// RFC 8461 section 3.1 and RFC 8460 section 3: other TXT values are dropped, then exactly one must
// remain. Three records follow the same rule, which is why the parser is the only thing that
// differs.
Reading read_record(const FixedRecord& record, Facts& facts, const Table& table) {
  Reading reading;
  const auto name = facts.subject.domain.child(record.prefix);
  reading.state = State::None;
  if (!name) return reading;
  const Answer* answer = answer_for(facts, table, *name, RecordType::TXT);
  reading.state = State::Unknown;
  if (answer == nullptr) return reading;
  if (answer->status == AnswerStatus::Failed) {
    record_failure(facts, *name, *answer);
    reading.state = State::Unobservable;
    reading.problem = answer->detail;
    return reading;
  }
  std::vector<std::string> records;
  std::ranges::copy_if(answer->values_or_none(), std::back_inserter(records),
                       [&](const auto& value) {
                         const RecordKey key{*name, RecordType::TXT};
                         return kind_of(key, value) == record.kind && is_read(key, value);
                       });
  note_strays(facts, *name, *answer);
  reading.state = records.empty() ? State::None : State::Several;
  if (records.size() != 1) return reading;
  reading.text = records.front();
  const auto fault = record.fault(reading.text);
  reading.state = fault ? State::Invalid : State::Valid;
  if (fault) reading.problem = sentence(*fault);
  return reading;
}

}  // namespace

// A null MX is only valid alone; beside others it must not hide them (RFC 7505 section 3). The
// hosts are read without regard to preference: a policy must match every one of them.
void gather_mx(Facts& facts, Table& table) {
  const Answer* answer = answer_for(facts, table, facts.subject.domain, RecordType::MX);
  if (answer == nullptr) return;
  MxFacts& mx = facts.mx;
  if (answer->status == AnswerStatus::Failed) {
    mx.state = State::Unobservable;
    mx.problem = answer->detail;
    record_failure(facts, facts.subject.domain, *answer);
    return;
  }
  const std::vector<std::string>& values = answer->values_or_none();
  mx.state = values.empty() ? State::None : State::Valid;
  mx.hosts = spf::exchanges_of(values);
  const std::size_t open = facts.unknown.size();
  mx.faults = rules::mx_faults(facts.subject.domain, values, table.answers, facts.unknown);
  if (facts.unknown.size() != open) mx.state = State::Unknown;
  const auto null = [](const std::string& value) { return value.ends_with(" ."); };
  mx.null = rules::is_null_mx(values);
  mx.null_among_others = values.size() > 1 && std::ranges::any_of(values, null);
}

// The policy host's addresses are resolved here, so that fetching needs no resolver of its own.
// Both families are resolved, since the policy host may have one of them only.
void gather_mta_sts(Facts& facts, Table& table) {
  MtaStsFacts& mta_sts = facts.mta_sts;
  static_cast<Reading&>(mta_sts) = read_record(kMtaSts, facts, table);
  const auto host = facts.subject.domain.child("mta-sts");
  if (mta_sts.state != State::Valid || !host) return;
  mta_sts.addresses.clear();
  for (const RecordType type : {RecordType::A, RecordType::AAAA}) {
    const Answer* answer = answer_for(facts, table, *host, type);
    if (answer == nullptr) {
      mta_sts.state = State::Unknown;
      continue;
    }
    if (answer->status == AnswerStatus::Failed) record_failure(facts, *host, *answer);
    // One family is enough; the failure of the other is recorded.
    std::ranges::copy(answer->values_or_none(), std::back_inserter(mta_sts.addresses));
  }
  const std::size_t open = facts.unknown.size();
  mta_sts.host = rules::read_host(*host, table.answers, facts.unknown);
  if (facts.unknown.size() != open) mta_sts.state = State::Unknown;
}

void gather_tls_rpt(Facts& facts, Table& table) {
  facts.tls_rpt = read_record(kTlsRpt, facts, table);
}

void gather_bimi(Facts& facts, Table& table) { facts.bimi = read_record(kBimi, facts, table); }

std::string policy_url(const Name& domain) {
  return fmt::format("https://mta-sts.{}/.well-known/mta-sts.txt", domain.text());
}

// An unusable body is as bad as none: senders treat both as no policy (RFC 8461 section 3.3).
// Redirects and other statuses were rejected by the fetch (RFC 8461 section 3.3); here only the
// text remains to be read.
void set_policy(Facts& facts, Fetched fetched) {
  MtaStsFacts& mta_sts = facts.mta_sts;
  if (fetched.problem.empty()) {
    auto policy = parse_mta_sts_policy(fetched.body);
    if (policy) {
      mta_sts.policy = std::move(policy).value();
    } else {
      fetched.problem = "is invalid: " + sentence(policy.error());
    }
  }
  mta_sts.fetched = std::move(fetched);
}

// Without a policy nothing is uncovered, so that callers need not check for one.
std::vector<Name> uncovered_mx(const Facts& facts) {
  std::vector<Name> uncovered;
  if (!facts.mta_sts.policy) return uncovered;
  const auto& patterns = facts.mta_sts.policy->mx;
  std::ranges::copy_if(facts.mx.hosts, std::back_inserter(uncovered), [&](const Name& host) {
    return std::ranges::none_of(
        patterns, [&](const std::string& pattern) { return matches_mx(pattern, host); });
  });
  return uncovered;
}

}  // namespace rampart::audit
