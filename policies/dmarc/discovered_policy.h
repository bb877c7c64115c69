/// Which DMARC record governs a domain, from the zones and the resolver's answers; and what it
/// requests of receivers.
#pragma once

#include <optional>
#include <vector>

#include "dns/record.h"
#include "mail/dmarc/org_domain.h"
#include "policies/model/policy.h"

namespace rampart {

/// The DMARC records of a name and those above it, as a table: observed zones first, else the
/// World's answers. What neither knows is listed in `unknown`.
struct DmarcLookups {
  Answers answers;
  std::vector<Question> unknown;
};

/// Everything that discovery of `name`'s record reads, by either generation.
DmarcLookups dmarc_lookups_of(const Name& name, const World& world);

/// `answers` as they would be with this record at `_dmarc.<domain>`; nullopt removes it.
Answers with_record(Answers answers, const Name& domain, const std::optional<ParsedValue>& value);

/// The one DMARC record among a change's values; several are all dropped, so that none is
/// left (RFC 9989 section 4.10).
std::optional<ParsedValue> record_in(const std::optional<ParsedTypedSet>& set);

/// Both generations' view of what governs a name.
struct PolicyByMethod {
  Known<dmarc::DiscoveredPolicy> by_walk;
  Known<dmarc::DiscoveredPolicy> by_psl;

  /// The query without which one of the two is unknown, or null.
  const Unanswered* gap() const { return by_walk.gap() ? by_walk.gap() : by_psl.gap(); }
};
/// What governs `name` by these answers; unknown where they lack an answer that decides.
PolicyByMethod policy_by_method(const Name& name, const Answers& answers);

/// A governing record as if it were published at the name itself: the policy that applies as p,
/// with the record's pct, t and alignment modes.
dmarc::Record effective(const dmarc::DiscoveredPolicy& discovered);

/// p=none: what receivers do where no record governs.
dmarc::Record ungoverned();

}  // namespace rampart
