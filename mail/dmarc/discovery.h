/// What both ways of DMARC discovery share: one `_dmarc` name's record, and the policy it gives.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/dmarc/org_domain.h"

namespace rampart::dmarc {

/// The one DMARC record at a domain's `_dmarc`; several are all dropped (RFC 9989 section 4.10).
struct Found {
  std::optional<std::string> text;
};

/// The name whose TXT records a receiver reads, or nullopt where it would be too long.
std::optional<Name> dmarc_name(const Name& domain);

/// Looks `_dmarc.<domain>` up in the table; what is not there yet is added to `unknown`.
Found find_record(const Name& domain, const Answers& answers, std::vector<Question>& unknown);

/// Reads the record as receivers do and picks the policy tag that applies, falling back from np to
/// sp to p; nullopt where receivers ignore the record.
std::optional<DiscoveredPolicy> discovered_policy_of(const Name& at, const std::string& text,
                                                     const Name& org,
                                                     std::optional<Policy> Record::*tag);

}  // namespace rampart::dmarc
