/// Profiles of governments and regulators: au-ism-1540, bod-18-01, bsi-tr-03182, nis2, nl-comply,
/// pci-5.4.1, uk-gov. docs/concepts/profiles.md says which part of each document its rules cover.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "policies/audit/parts.h"
#include "policies/audit/profile_rules.h"

namespace rampart::audit {
namespace {

using enum Part;
constexpr RequirementLevel kAdvised = RequirementLevel::Should;

// A size limit may follow the address ("!10m"), so the prefix decides.
Check reports_to_cisa(const Facts& facts) {
  const DmarcFacts& dmarc = facts.dmarc;
  if (dmarc.state == State::Unobservable) return unknown(describe(dmarc));
  constexpr std::string_view kAddress = "mailto:reports@dmarc.cyber.dhs.gov";
  const bool good = std::ranges::any_of(dmarc.rua, [&](const ReportAddress& one) {
    return ascii_lower(one.uri).starts_with(kAddress);
  });
  return good ? passed("it is among the rua addresses")
              : failed("it is not among the rua addresses");
}

// --- Australia, United States -------------------------------------------------------------------

constexpr RuleSource kIsm{"ASD, Information Security Manual, control ISM-1540, revision 3",
                          "2023-06"};

constexpr std::array kAustralia = {
    Rule{"dmarc", "a DMARC record is published", kIsm, dmarc_published, Dmarc},
    Rule{"dmarc-reject", "mail that fails DMARC is rejected", kIsm, dmarc_rejects, Dmarc},
    Rule{"sub-domains", "sub-domains are covered as strictly", kIsm, dmarc_sub_domains, Dmarc},
};

constexpr RuleSource kBod{"CISA BOD 18-01 (2017)", "2017-10-16"};

constexpr std::array kFederal = {
    Rule{"spf", "a valid SPF record is published", kBod, spf_works, Spf},
    Rule{"spf-restricts", "the SPF record ends in ~all or -all", kBod, spf_restricts, Spf},
    Rule{"dmarc", "a DMARC record is published", kBod, dmarc_published, Dmarc},
    Rule{"dmarc-reject", "DMARC is p=reject for all mail", kBod, dmarc_rejects, Dmarc},
    Rule{"sub-domains", "sub-domains are covered as strictly", kBod, dmarc_sub_domains, Dmarc},
    Rule{"rua", "aggregate reports are requested", kBod, dmarc_reports, Dmarc},
    Rule{"rua-cisa", "reports go to reports@dmarc.cyber.dhs.gov", kBod, reports_to_cisa, Dmarc},
    Rule{"starttls", "mail hosts offer STARTTLS, without SSLv2, SSLv3, RC4 and 3DES", kBod,
         needs_connection},
};

// --- Germany ------------------------------------------------------------------------------------

constexpr RuleSource bsi(std::string_view section) { return {section, "2024-01-24"}; }

constexpr std::array kGermany = {
    Rule{"spf", "a valid SPF record is published", bsi("BSI TR-03182-P 1.0, test D-01"), spf_works,
         Spf},
    Rule{"spf-restricts", "the SPF record ends in ~all or -all",
         bsi("BSI TR-03182-P 1.0, test D-03"), spf_restricts, Spf},
    Rule{"dkim", "an RSA key and an Ed25519 key are published",
         bsi("BSI TR-03182-P 1.0, tests F-01 and F-02"), dkim_both_algorithms, Dkim},
    Rule{"dmarc", "a DMARC record is published", bsi("BSI TR-03182-P 1.0, test H-01"),
         dmarc_published, Dmarc},
    Rule{"dmarc-enforced", "DMARC is quarantine or reject for all mail",
         bsi("BSI TR-03182-P 1.0, test H-02"), dmarc_enforced, Dmarc},
    Rule{"sub-domains", "sub-domains are covered as strictly", bsi("BSI TR-03182-P 1.0, test H-02"),
         dmarc_sub_domains, Dmarc},
    Rule{"rua", "aggregate reports are requested", bsi("BSI TR-03182-P 1.0, test H-03"),
         dmarc_reports, Dmarc},
    Rule{"dnssec", "the records are signed by DNSSEC", bsi("BSI TR-03182-P 1.0, section 2.7"),
         domain_signed, Dnssec},
    Rule{"parked", "a domain without mail says so: v=spf1 -all, p=reject, a null MX",
         bsi("BSI TR-03182-P 1.0, section 4.2"), parked_domain, Spf | Dmarc | Mx},
    Rule{"monitoring", "reports are evaluated, users are informed, mail to the domain is checked",
         bsi("BSI TR-03182-P 1.0, modules A to C, E, G and I to K"), needs_organization},
};

// --- The European Union -------------------------------------------------------------------------

constexpr RuleSource kEuMail{"Regulation (EU) 2024/2690, annex, point 6.7 (mail standards)",
                             "2024-10-17"};
constexpr RuleSource kEuDns{"Regulation (EU) 2024/2690, annex, point 6.7 (security of DNS)",
                            "2024-10-17"};

constexpr std::array kUnion = {
    Rule{"spf", "a valid SPF record is published", kEuMail, spf_works, Spf},
    Rule{"dkim", "a usable DKIM key is published", kEuMail, dkim_key_or_silent, Dkim},
    Rule{"dmarc-enforced", "DMARC is quarantine or reject for all mail", kEuMail, dmarc_enforced,
         Dmarc},
    Rule{"transport", "MTA-STS is enforced, or DANE covers every MX host", kEuMail,
         transport_protected, Mx | MtaSts | Dnssec | Tlsa},
    Rule{"tls-rpt", "TLS reports are requested", kEuMail, tls_rpt_published, TlsRpt, kAdvised},
    Rule{"dnssec", "the domain is signed by DNSSEC", kEuDns, domain_signed, Dnssec, kAdvised},
    Rule{"aligned", "the domain's own mail is aligned", kEuMail, mail_aligned, Reports, kAdvised},
};

// --- The Netherlands ----------------------------------------------------------------------------

constexpr RuleSource kInternetNl{"Internet.nl, e-mail test", "2026-06"};
constexpr RuleSource kInternetNlPolicy{
    "Internet.nl, e-mail test (issue 361, pull request 2080: t=y counts as p=none)", "2026-06"};

constexpr std::array kNetherlands = {
    Rule{"spf", "a valid SPF record is published", kInternetNl, spf_works, Spf},
    Rule{"spf-restricts", "the SPF record ends in ~all or -all", kInternetNl, spf_restricts, Spf},
    Rule{"dkim", "a usable DKIM key is published", kInternetNl, dkim_key_or_silent, Dkim},
    Rule{"dmarc", "a DMARC record is published", kInternetNl, dmarc_published, Dmarc},
    Rule{"dmarc-enforced", "DMARC is quarantine or reject, without t=y", kInternetNlPolicy,
         dmarc_not_testing, Dmarc},
    Rule{"dnssec", "the domain is signed by DNSSEC", kInternetNl, domain_signed, Dnssec},
    Rule{"dnssec-mx", "the domains of the MX hosts are signed by DNSSEC", kInternetNl,
         mx_hosts_signed, Mx | Tlsa},
    Rule{"dane", "every MX host has usable TLSA records in a signed zone", kInternetNl,
         dane_complete, Mx | Dnssec | Tlsa},
    Rule{"starttls", "MX hosts offer STARTTLS with certificates that match the TLSA records",
         kInternetNl, needs_connection},
};

// --- Card payments ------------------------------------------------------------------------------

constexpr RuleSource kPci{"PCI DSS 4.0.1, requirement 5.4.1 and its guidance", "2024-06"};

constexpr std::array kCards = {
    Rule{"spf", "a valid SPF record is published", kPci, spf_works, Spf},
    Rule{"spf-restricts", "the SPF record ends in ~all or -all", kPci, spf_restricts, Spf},
    Rule{"dkim", "a usable DKIM key is published", kPci, dkim_key_or_silent, Dkim},
    Rule{"dmarc-enforced", "DMARC is quarantine or reject for all mail", kPci, dmarc_enforced,
         Dmarc},
    Rule{"sub-domains", "sub-domains are covered as strictly", kPci, dmarc_sub_domains, Dmarc,
         kAdvised},
    Rule{"inbound", "mail to personnel is checked against phishing", kPci, needs_organization},
};

// --- The United Kingdom -------------------------------------------------------------------------

constexpr RuleSource kGovUk{
    "GOV.UK, Set up government email services securely, and NCSC, Email "
    "security and anti-spoofing",
    "2021-03-15"};

constexpr std::array kKingdom = {
    Rule{"spf", "a valid SPF record is published", kGovUk, spf_works, Spf},
    Rule{"spf-restricts", "the SPF record ends in ~all or -all", kGovUk, spf_restricts, Spf},
    Rule{"dkim", "a usable DKIM key is published", kGovUk, dkim_key_or_silent, Dkim},
    Rule{"dmarc-enforced", "DMARC is quarantine or reject for all mail", kGovUk, dmarc_enforced,
         Dmarc},
    Rule{"sub-domains", "sub-domains are covered as strictly", kGovUk, dmarc_sub_domains, Dmarc,
         kAdvised},
    Rule{"rua", "aggregate reports are requested", kGovUk, dmarc_reports, Dmarc},
    Rule{"mta-sts", "MTA-STS is published", kGovUk, mta_sts_published, Mx | MtaSts},
    Rule{"mta-sts-enforced", "the MTA-STS policy is enforced for every MX", kGovUk,
         mta_sts_enforced, Mx | MtaSts, kAdvised},
    Rule{"tls-rpt", "TLS reports are requested", kGovUk, tls_rpt_published, Mx | TlsRpt},
    Rule{"tls", "mail hosts use TLS 1.2 or later", kGovUk, needs_connection},
};

}  // namespace

std::span<const Rule> au_ism_1540_rules() { return kAustralia; }
std::span<const Rule> bod_18_01_rules() { return kFederal; }
std::span<const Rule> bsi_tr_03182_rules() { return kGermany; }
std::span<const Rule> nis2_rules() { return kUnion; }
std::span<const Rule> nl_comply_rules() { return kNetherlands; }
std::span<const Rule> pci_5_4_1_rules() { return kCards; }
std::span<const Rule> uk_gov_rules() { return kKingdom; }

}  // namespace rampart::audit
