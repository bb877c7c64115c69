/// The form of a profile's rules, and the checks that several profiles share. Other folders use
/// audit.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/audit/audit.h"

namespace rampart::audit {

/// The outcome of one rule. The reason is shown beside the verdict, since a profile is read by
/// people who must act on it.
struct Check {
  Verdict verdict = Verdict::Unknown;
  std::string reason;
};

/// Three makers in place of one with a flag: at each call the verdict can be read.
inline Check passed(std::string reason) { return {Verdict::Pass, std::move(reason)}; }
inline Check failed(std::string reason) { return {Verdict::Fail, std::move(reason)}; }
inline Check unknown(std::string reason) { return {Verdict::Unknown, std::move(reason)}; }

/// What a rule looks at, and what its evidence is therefore. A set of bits.
enum class Part : unsigned {
  Nothing = 0,
  Spf = 1,
  Dkim = 2,
  Dmarc = 4,
  Mx = 8,
  MtaSts = 16,
  TlsRpt = 32,
  Dnssec = 64,
  Tlsa = 128,
  Reports = 256,
};
constexpr Part operator|(Part a, Part b) {
  return static_cast<Part>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// Whether `parts` has `part`.
constexpr bool has(Part parts, Part part) {
  return (static_cast<unsigned>(parts) & static_cast<unsigned>(part)) != 0;
}

/// A published document, and the date of the version that the rules follow.
struct RuleSource {
  std::string_view text;
  std::string_view date;
};

/// One rule: what it requires, who publishes it, how it is checked, and by what.
struct Rule {
  std::string_view id;
  std::string_view rule;
  RuleSource source;
  Check (*check)(const Facts&);
  Part parts = Part::Nothing;
  RequirementLevel level = RequirementLevel::Must;
};

/// What the parts of a rule show, as it was seen.
std::vector<EvidenceItem> evidence_of(const Facts& facts, Part parts);

/// SPF: it can be evaluated; it ends in ~all or -all.
Check spf_works(const Facts& facts);
Check spf_restricts(const Facts& facts);

/// DKIM: a usable key is known; also where the domain sends nothing; none is shorter than 2048
/// bits; there is an RSA key as well as an Ed25519 key; SPF or a key would do; no key that signs is
/// older than six months, by reports.
Check dkim_key(const Facts& facts);
Check dkim_key_or_silent(const Facts& facts);
Check dkim_strong(const Facts& facts);
Check dkim_both_algorithms(const Facts& facts);
Check spf_or_dkim(const Facts& facts);
Check dkim_key_age(const Facts& facts);

/// DMARC: receivers of both generations find a record; its policy is quarantine or reject for all
/// mail; the same, where `pct` does not count; it is reject for all mail; sub-domains are covered
/// as strictly; reports are requested.
Check dmarc_published(const Facts& facts);
Check dmarc_enforced(const Facts& facts);
Check dmarc_not_testing(const Facts& facts);
Check dmarc_rejects(const Facts& facts);
Check dmarc_sub_domains(const Facts& facts);
Check dmarc_reports(const Facts& facts);

/// A domain that sends nothing says so: SPF authorizes nobody, DMARC rejects, a null MX.
Check parked_domain(const Facts& facts);

/// Mail to the domain: MTA-STS is published; it is enforced for every MX; TLS reports are
/// requested; the domain is signed; so are its MX hosts; each of them has usable TLSA records in a
/// signed zone; MTA-STS is enforced or DANE is complete.
Check mta_sts_published(const Facts& facts);
Check mta_sts_enforced(const Facts& facts);
Check tls_rpt_published(const Facts& facts);
Check domain_signed(const Facts& facts);
Check mx_hosts_signed(const Facts& facts);
Check dane_complete(const Facts& facts);
Check transport_protected(const Facts& facts);

/// Reports: mail is aligned; it is aligned by SPF and by DKIM.
Check mail_aligned(const Facts& facts);
Check mail_both_aligned(const Facts& facts);

/// The share of a domain's own mail that must be aligned, and the fewest messages that show it:
/// `min_legit_rate` and the low-volume gate of the standard ramp. No domain reaches 100 %, because
/// forwarding breaks both mechanisms.
constexpr double kLeastAligned = 0.98;
constexpr std::int64_t kFewestMessages = 30;

/// How long a DKIM key may be in use.
constexpr std::chrono::days kMostKeyAge{183};

/// Rules that neither DNS nor reports answer. They are listed all the same: a profile without them
/// would look as if it were complete.
Check needs_hosts(const Facts& facts);
Check needs_connection(const Facts& facts);
Check needs_mail(const Facts& facts);
Check needs_organization(const Facts& facts);

}  // namespace rampart::audit
