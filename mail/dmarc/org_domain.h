/// Organizational domains and DMARC discovery, by public suffix list (RFC 7489 section 3.2) and by
/// tree walk (RFC 9989 section 4.10). Both work over the answers table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/answers.h"
#include "dns/known.h"
#include "mail/dmarc/dmarc.h"

namespace rampart::dmarc {

/// The organizational domain by the public suffix list that libpsl carries; the name itself where
/// it is a public suffix.
Name org_domain_psl(const Name& name);

/// Whether the name is a public suffix (co.uk, com).
bool is_public_suffix(const Name& name);

/// Whether the public suffix list itself has the name: a top level that is used on the internet, or
/// a suffix below one. Names such as `example` and `internal` are not listed.
bool is_listed_suffix(const Name& name);

/// The `_dmarc` names that a tree walk from `name` queries, in order, at most eight.
std::vector<Name> walk_names(const Name& name);

/// The DMARC record that applies to an author domain, and the policy in it.
struct DiscoveredPolicy {
  Name at;  ///< The domain whose `_dmarc` holds the record.
  Record record;
  Name org_domain;  ///< By the same method.
  Policy policy;    ///< p, sp or np, whichever applies to `author`, before t= and pct.

  bool operator==(const DiscoveredPolicy&) const = default;
};

/// Policy discovery by either generation: none where no record applies, unknown where a query that
/// may change the result failed. Questions that must be resolved first are added to `unknown`, and
/// the result is unknown until they are.
Known<DiscoveredPolicy> discover_by_walk(const Name& author, const Answers& answers,
                                         std::vector<Question>& unknown);
Known<DiscoveredPolicy> discover_by_psl(const Name& author, const Answers& answers,
                                        std::vector<Question>& unknown);

/// The organizational domain by tree walk, for alignment (section 4.10.2); never none.
Known<Name> org_domain_walk(const Name& name, const Answers& answers,
                            std::vector<Question>& unknown);

}  // namespace rampart::dmarc
