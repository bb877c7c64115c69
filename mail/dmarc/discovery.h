/// What both methods of DMARC discovery share: the record at a `_dmarc` name and its policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/dmarc/org_domain.h"

namespace rampart::dmarc {

/// The name whose TXT records a receiver reads, or nullopt where it would be too long.
std::optional<Name> dmarc_name(const Name& domain);

/// The DMARC record at a domain's `_dmarc`; none where there are several (RFC 9989 section 4.10).
/// A question that the table lacks is added to `unknown`, and is unknown here as well.
Known<std::string> find_record(const Name& domain, const Answers& answers,
                               std::vector<Question>& unknown);

/// Reads the record as receivers do and picks the policy tag that applies, falling back from np to
/// sp to p; none where receivers ignore the record.
Known<DiscoveredPolicy> discovered_policy_of(const Name& at, const std::string& text,
                                             const Name& org, std::optional<Policy> Record::*tag);

}  // namespace rampart::dmarc
