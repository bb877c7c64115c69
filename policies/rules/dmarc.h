/// Rules on one DMARC record and the domain that it governs (RFC 7489, RFC 9989).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/dmarc/org_domain.h"
#include "policies/rules/fault.h"

namespace rampart::rules {

/// `dmarc-missing`: no record governs the domain.
Fault dmarc_missing(const Name& domain);

/// `dmarc-invalid`: receivers ignore the record; `problem` says why.
Fault dmarc_invalid(const Name& domain, const std::string& problem);

/// `dmarc-multiple`: receivers ignore all records where one name holds several.
Fault dmarc_multiple(const Name& domain);

/// Why some or all receivers ignore a value at `_dmarc`: near_miss() finds a mistake in it, or only
/// some receivers read it. nullopt where all do.
std::optional<std::string> dmarc_slip(const RecordKey& key, const std::string& value);

/// `dmarc-near-miss`: `value` at the domain's `_dmarc` is no DMARC record, or none for some
/// receivers; `slip` says why.
Fault dmarc_near_miss(const Name& domain, const std::string& value, const std::string& slip);

/// `dmarc-tag-invalid`: receivers skip a tag; `problem` says which, and why.
Fault dmarc_tag_invalid(const Name& domain, const std::string& problem);

/// Why nobody sends reports to this address of `tag`, rua or ruf, for `dmarc_tag_invalid`; nullopt
/// where some do: it is no `mailto:` address (RFC 9990 section 4).
std::optional<std::string> report_uri_problem(std::string_view tag, const std::string& uri);

/// `dmarc-not-enforced`: the policy that applies is none.
std::optional<Fault> dmarc_not_enforced(const Name& domain, dmarc::Policy policy);

/// `dmarc-partial`: pct below 100 or t=y.
std::optional<Fault> dmarc_partial(const Name& domain, const dmarc::Record& record);

/// Whether every receiver applies the policy to all failing mail: neither pct nor t limits it.
bool applies_in_full(const dmarc::Record& record);

/// `dmarc-sub-domains`: sp or np is milder than p. Below the organizational domain receivers ignore
/// both (RFC 9989 section 4.7), and nothing is milder.
std::optional<Fault> dmarc_sub_domains(const dmarc::DiscoveredPolicy& found);

/// Whether sp and np, where receivers apply them, are at least as strict as p.
bool covers_sub_domains(const dmarc::DiscoveredPolicy& found);

/// `dmarc-generations-differ`: the tree walk of RFC 9989 and the public suffix list of RFC 7489
/// find records at different names or different policies, or one of them finds none.
std::optional<Fault> dmarc_generations_differ(const Name& domain,
                                              const std::optional<dmarc::DiscoveredPolicy>& by_walk,
                                              const std::optional<dmarc::DiscoveredPolicy>& by_psl);

/// Whether both find a record, at one name and with one policy.
bool same_policy(const std::optional<dmarc::DiscoveredPolicy>& by_walk,
                 const std::optional<dmarc::DiscoveredPolicy>& by_psl);

/// `dmarc-historic-tags`: rf, ri, a pct of 100 or the size limit of a report address, which change
/// nothing any more.
std::optional<Fault> dmarc_historic_tags(const Name& domain, const dmarc::Record& record);

/// The rf and ri tags of the record (RFC 9989 section 9.3).
std::vector<std::string> historic_tags(const dmarc::Record& record);

/// `reject-without-rua` or `dmarc-without-rua`: the policy has no address for reports. At reject it
/// blocks, because mail is then lost unseen.
Fault dmarc_without_rua(const Name& domain, dmarc::Policy policy);

/// `report-unauthorized`: `host` has not agreed to receive reports about `at` (RFC 9990 section 4).
Fault report_unauthorized(const Name& at, const Name& host);

}  // namespace rampart::rules
