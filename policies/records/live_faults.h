/// What is wrong with the records that a domain publishes today, whether the YAML manages them or
/// not: the rules by which an audit evaluates a record, read from the zones of a plan.
#pragma once

#include <vector>

#include "policies/model/policy.h"
#include "policies/rules/fault.h"

namespace rampart {

/// A fault, and the key of the records that have it.
struct LiveFault {
  RecordKey key;
  rules::Fault fault;
};

/// The faults of the domain's own records in one zone: SPF, DMARC, MTA-STS, TLS-RPT, BIMI and MX.
/// Records that were not read have none. What depends on other names, such as lookups, is left to
/// the guardrails, and what the YAML declares on purpose, such as p=none, is no fault here.
std::vector<LiveFault> record_faults(const Domain& domain, const LiveZone& zone);

/// The faults of the TXT values at a selector; `key` is its name and TXT.
std::vector<LiveFault> key_faults(const RecordKey& key, const LiveSet& live);

/// `record-dangling`: names where a record belongs and a CNAME leads to a name that does not exist.
/// Their targets are the questions.
PolicyResult dangling_records(const Domain& domain, const World& world);

}  // namespace rampart
