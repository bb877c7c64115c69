/// What both methods of DMARC discovery share: the record at a `_dmarc` name and its policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/dmarc/org_domain.h"

namespace rampart::dmarc {

/// The DMARC record at a domain's `_dmarc`; none where there are several (RFC 9989 section 4.10).
struct Found {
  std::optional<std::string> text;
};

/// The name whose TXT records a receiver reads, or nullopt where it would be too long.
std::optional<Name> dmarc_name(const Name& domain);

/// Looks `_dmarc.<domain>` up in the table; adds the question to `unknown` where it has no answer.
Found find_record(const Name& domain, const Answers& answers, std::vector<Question>& unknown);

/// Reads the record as receivers do and picks the policy tag that applies, falling back from np to
/// sp to p; nullopt where receivers ignore the record.
std::optional<DiscoveredPolicy> discovered_policy_of(const Name& at, const std::string& text,
                                                     const Name& org,
                                                     std::optional<Policy> Record::*tag);

}  // namespace rampart::dmarc
