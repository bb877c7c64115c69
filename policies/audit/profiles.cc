/// Profiles: what others ask of a domain, rule by rule, each with its source.
#include <fmt/format.h>

#include <algorithm>

#include "policies/audit/parts.h"
#include "policies/audit/profile_rules.h"

namespace rampart::audit {
namespace {

// The table is a template argument, so that a Profile stays a plain function pointer.
template <std::span<const Rule> (*kRules)()>
std::vector<RuleResult> rule_results_of(const Facts& facts) {
  std::vector<RuleResult> rule_results;
  for (const Rule& rule : kRules()) {
    Check check = rule.check(facts);
    rule_results.push_back({.id = rule.id,
                            .rule = rule.rule,
                            .source = rule.source.text,
                            .date = rule.source.date,
                            .level = rule.level,
                            .verdict = check.verdict,
                            .reason = std::move(check.reason),
                            .evidence = evidence_of(facts, rule.parts)});
  }
  return rule_results;
}

// What a profile needs beside DNS follows from its rules, so that no table can name it wrongly.
template <std::span<const Rule> (*kRules)()>
Profile make_profile(std::string_view name, std::string_view title) {
  Part parts = Part::Nothing;
  for (const Rule& rule : kRules()) parts = parts | rule.parts;
  return {.name = name,
          .title = title,
          .dnssec = has(parts, Part::Dnssec | Part::Tlsa),
          .reports = has(parts, Part::Reports),
          .rule_results = rule_results_of<kRules>};
}

}  // namespace

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> table = {
      make_profile<au_ism_1540_rules>("au-ism-1540", "Australian ISM, control 1540"),
      make_profile<bod_18_01_rules>("bod-18-01", "US federal domains, BOD 18-01"),
      make_profile<bsi_tr_03182_rules>("bsi-tr-03182", "German BSI, TR-03182 Email Authentication"),
      make_profile<bulk_sender_rules>("bulk-sender", "Bulk senders to Google, Yahoo and Microsoft"),
      make_profile<m3aawg_rules>("m3aawg", "M3AAWG, DKIM keys and parked domains"),
      make_profile<nis2_rules>("nis2", "EU NIS2, Regulation 2024/2690, as mapped here"),
      make_profile<nl_comply_rules>("nl-comply", "Netherlands, comply or explain (Internet.nl)"),
      make_profile<pci_5_4_1_rules>("pci-5.4.1", "PCI DSS 4.0.1, requirement 5.4.1"),
      make_profile<rfc9989_rules>("rfc9989", "DMARC as RFC 9989 specifies it"),
      make_profile<uk_gov_rules>("uk-gov", "UK government, GOV.UK and NCSC"),
  };
  return table;
}

const Profile* find_profile(std::string_view name) {
  const auto found = std::ranges::find(profiles(), name, &Profile::name);
  return found == profiles().end() ? nullptr : &*found;
}

// A broken rule cites its source, because the publisher decides what conforms.
std::vector<Finding> profile_findings(const Facts& facts, const Profile& profile,
                                      const std::vector<RuleResult>& rule_results) {
  std::vector<Finding> found;
  if (!facts.exists) return found;  // That is the one finding about such a name.
  for (const RuleResult& one : rule_results) {
    if (one.verdict != Verdict::Fail) continue;
    const bool must = one.level == RequirementLevel::Must;
    found.push_back(
        {.severity = must ? Severity::Error : Severity::Warning,
         .code = "profile-rule",
         .domain = facts.subject.domain,
         .message = fmt::format("{} breaks rule {} of profile {} (\"{}\", {} by {}): {}",
                                name_of(facts), one.id, profile.name, one.rule,
                                must ? "required" : "recommended", one.source, one.reason),
         .hint = "correct what the reason names; the source says what conforms",
         .mark = facts.subject.mark});
  }
  return found;
}

// An open rule does not fail a domain: DNS just does not show the answer.
bool conforms(const std::vector<RuleResult>& rule_results) {
  return std::ranges::none_of(rule_results, [](const RuleResult& one) {
    return one.level == RequirementLevel::Must && one.verdict == Verdict::Fail;
  });
}

}  // namespace rampart::audit
