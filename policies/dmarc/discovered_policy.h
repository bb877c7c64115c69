/// Which DMARC record governs a domain, from the zones and the resolver's answers; and what it
/// requests of receivers.
#pragma once

#include <optional>
#include <vector>

#include "dns/record.h"
#include "mail/dmarc/org_domain.h"
#include "policies/model/policy.h"

namespace rampart {

/// What DMARC discovery of a name reads: the answers of observed zones first, else the World's; and
/// the questions that neither answers.
struct DmarcLookups {
  Answers answers;
  std::vector<Question> unknown;
};

/// The lookups for discovery of `name`'s record by tree walk and by public suffix list.
DmarcLookups dmarc_lookups_of(const Name& name, const World& world);

/// `answers` as they would be with this record at `_dmarc.<domain>`; nullopt removes it.
Answers with_record(Answers answers, const Name& domain, const std::optional<ParsedValue>& value);

/// The DMARC record in `set`; nullopt where there is none, or more than one, since receivers drop
/// several (RFC 9989 section 4.10).
std::optional<ParsedValue> record_in(const std::optional<ParsedTypedSet>& set);

/// The record that governs a name, by the discovery of each generation of receivers.
struct PolicyByMethod {
  Known<dmarc::DiscoveredPolicy> by_walk;
  Known<dmarc::DiscoveredPolicy> by_psl;

  /// The query without which one of the two is unknown, or null.
  const Unanswered* gap() const { return by_walk.gap() ? by_walk.gap() : by_psl.gap(); }
};
/// The record that governs `name` by these answers: none where no record does, unknown where an
/// answer that decides is missing or failed.
PolicyByMethod policy_by_method(const Name& name, const Answers& answers);

/// The effective policy as a record at the name itself: p is the policy that applies there, and
/// pct, t and the alignment modes are the governing record's.
dmarc::Record effective(const dmarc::DiscoveredPolicy& discovered);

/// The record p=none, which requests what receivers do where no record governs.
dmarc::Record ungoverned();

}  // namespace rampart
