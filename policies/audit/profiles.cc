/// Profiles: what others ask of a domain, rule by rule, each with its source.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/dmarc.h"
#include "policies/rules/spf.h"

namespace rampart::audit {
namespace {

/// The outcome of one rule. The reason is shown beside the verdict, since a profile is read by
/// people who must act on it.
struct Check {
  Verdict verdict = Verdict::Unknown;
  std::string reason;
};

/// One rule: what it requires, who publishes it, and how it is checked.
struct Rule {
  std::string_view id;
  std::string_view rule;
  std::string_view source;
  Check (*check)(const Facts&);
  RequirementLevel level = RequirementLevel::Must;
};

// Three makers in place of one with a flag: at each call the verdict can be read.
Check passed(std::string reason) { return {Verdict::Pass, std::move(reason)}; }
Check failed(std::string reason) { return {Verdict::Fail, std::move(reason)}; }
Check unknown(std::string reason) { return {Verdict::Unknown, std::move(reason)}; }

// --- SPF and DKIM -------------------------------------------------------------------------------

// A temporary failure proves nothing about the record, so it leaves the rule open.
Check spf_works(const Facts& facts) {
  const SpfFacts& spf = facts.spf;
  if (spf.state == State::Unobservable) return unknown(describe(spf));
  if (spf.state != State::Valid) return failed("the SPF record " + describe(spf));
  for (const spf::TreeNode* node : broken_nodes(spf.tree.root)) {
    const std::string what = fmt::format("`{}` {}", node->term, node->problem);
    return node->temporary ? unknown(what) : failed(what);
  }
  std::string costs = fmt::format("{} of 10 lookups, {} of 2 void lookups", spf.tree.lookups,
                                  spf.tree.void_lookups);
  return rules::within_lookup_limits(spf.tree) ? passed(costs) : failed(costs);
}

// BOD 18-01 accepts softfail as well as fail.
Check spf_restricts(const Facts& facts) {
  const SpfFacts& spf = facts.spf;
  if (spf.state == State::Unobservable) return unknown(describe(spf));
  if (spf.state != State::Valid) return failed("the record " + describe(spf));
  if (!spf.ending) return unknown(describe_ending(spf));
  const bool good = spf.ending == spf::Qualifier::Fail || spf.ending == spf::Qualifier::SoftFail;
  return good ? passed(describe_ending(spf)) : failed(describe_ending(spf));
}

// Without a known selector the rule stays open: DNS cannot show that no key exists.
Check dkim_key(const Facts& facts) {
  std::vector<std::string> names;
  for (const KeyFacts* key : usable_keys(facts.dkim)) names.push_back(key->query.selector);
  if (!names.empty()) return passed(fmt::format("{}", fmt::join(names, ", ")));
  if (facts.dkim.keys.empty()) return unknown(describe_no_key(facts.dkim));
  return failed("no selector holds a usable key");
}

// The shortest key decides, because the guidelines concern every signature.
Check dkim_strong(const Facts& facts) {
  const auto keys = usable_keys(facts.dkim);
  if (keys.empty()) return unknown("no usable key is known");
  const KeyFacts* shortest = shortest_key(keys);
  if (shortest == nullptr) return passed("every key has 2048 bits or more, or is Ed25519");
  return failed(fmt::format("{} has {} bits", shortest->query.selector, shortest->shape.bits));
}

// DKIM is only unknown where no selector is known; then SPF's failure proves nothing.
Check spf_or_dkim(const Facts& facts) {
  const Check spf = spf_works(facts);
  const Check dkim = dkim_key(facts);
  if (spf.verdict == Verdict::Pass) return {Verdict::Pass, "SPF: " + spf.reason};
  if (dkim.verdict == Verdict::Pass) return {Verdict::Pass, "DKIM: " + dkim.reason};
  return dkim.verdict == Verdict::Unknown ? unknown(dkim.reason) : spf;
}

// --- DMARC --------------------------------------------------------------------------------------

// A record that only one generation of receivers finds protects at some of them alone.
Check dmarc_published(const Facts& facts) {
  const DmarcFacts& dmarc = facts.dmarc;
  if (dmarc.state == State::Unobservable) return unknown(describe(dmarc));
  if (dmarc.state != State::Valid) return failed("the DMARC record " + describe(dmarc));
  const bool both = dmarc.by_walk && dmarc.by_psl;
  if (both) return passed("at _dmarc." + dmarc.discovered()->at.text());
  return failed(
      fmt::format("only receivers that follow RFC {} find it", dmarc.by_walk ? "9989" : "7489"));
}

/// A check on the governing record; without one the rule is broken.
template <auto kCheck>
Check of_record(const Facts& facts) {
  if (facts.dmarc.state == State::Unobservable) return unknown(describe(facts.dmarc));
  if (facts.dmarc.state != State::Valid) {
    return failed("the DMARC record " + describe(facts.dmarc));
  }
  return kCheck(facts.dmarc);
}

// The directive asks for p=reject at all receivers, so a record that is limited does not conform.
Check rejects(const DmarcFacts& dmarc) {
  const Enforcement enforcement = enforcement_of(dmarc);
  const bool good = enforcement.policy == dmarc::Policy::Reject && enforcement.whole;
  std::string policy = fmt::format("p={}{}", dmarc::to_text(enforcement.policy),
                                   enforcement.whole ? "" : ", limited by pct or t=y");
  return good ? passed(std::move(policy)) : failed(std::move(policy));
}

Check covers_sub_domains(const DmarcFacts& dmarc) {
  return enforcement_of(dmarc).sub_domains ? passed("sp and np are as strict as p")
                                           : failed("sp or np is milder than p");
}

// An address whose host has not agreed gets no reports, so it counts as none.
Check has_reports(const DmarcFacts& dmarc) {
  if (dmarc.rua.empty()) return failed("there is no rua");
  return enforcement_of(dmarc).reports ? passed(dmarc.rua.front().uri)
                                       : failed("no address has agreed");
}

// A size limit may follow the address ("!10m"), so the prefix decides.
Check reports_to_cisa(const DmarcFacts& dmarc) {
  constexpr std::string_view kAddress = "mailto:reports@dmarc.cyber.dhs.gov";
  const bool good = std::ranges::any_of(dmarc.rua, [&](const ReportAddress& one) {
    return ascii_lower(one.uri).starts_with(kAddress);
  });
  return good ? passed("it is among the rua addresses")
              : failed("it is not among the rua addresses");
}

// RFC 9989 section 4.10: with several records receivers stop and apply none.
Check one_record(const Facts& facts) {
  if (facts.dmarc.state == State::Unobservable) return unknown(describe(facts.dmarc));
  const bool several = facts.dmarc.several_here || facts.dmarc.state == State::Several;
  if (several) return failed("several records are published at one name");
  const bool none = facts.dmarc.state == State::None;
  if (none || facts.dmarc.discovered() == nullptr) {
    return none ? failed(describe(facts.dmarc)) : passed(describe(facts.dmarc));
  }
  return passed("at _dmarc." + facts.dmarc.discovered()->at.text());
}

Check has_p(const DmarcFacts& dmarc) {
  // RFC 9989 section 4.10.1: receivers read an absent or invalid p as none where rua= is valid.
  // Such a record governs, but does not follow the grammar.
  const bool good = std::ranges::none_of(dmarc.problems, [](const std::string& problem) {
    return problem.find("p=") != std::string::npos;
  });
  return good && dmarc.record.p ? passed(fmt::format("p={}", dmarc::to_text(*dmarc.record.p)))
                                : failed("p is missing or not a policy");
}

Check clean_tags(const DmarcFacts& dmarc) {
  return dmarc.problems.empty() ? passed("every tag is valid") : failed(dmarc.problems.front());
}

// Any pct counts here, also 100: the rule is about the grammar, not about the effect.
Check no_historic(const DmarcFacts& dmarc) {
  std::vector<std::string> tags = rules::historic_tags(dmarc.record);
  if (dmarc.record.pct) tags.push_back(fmt::format("pct={}", *dmarc.record.pct));
  return tags.empty() ? passed("none of pct, rf and ri")
                      : failed(fmt::format("{}", fmt::join(tags, ", ")));
}

// RFC 9989 removed the size limit that RFC 7489 section 6.2 allowed after an address.
Check no_sizes(const DmarcFacts& dmarc) {
  for (const ReportAddress& one : dmarc.rua) {
    if (one.uri.find('!') != std::string::npos) return failed(one.uri);
  }
  return passed("no address has a size");
}

// The first obstacle is named; the others show once it is gone.
Check all_agree(const DmarcFacts& dmarc) {
  using Consent = ReportAddress::Consent;
  for (const ReportAddress& one : dmarc.rua) {
    if (one.consent == Consent::Unknown) return unknown(one.host.text() + " could not be queried");
    if (one.consent == Consent::Refused) {
      return failed(one.host.text() + " has not agreed");
    }
  }
  return passed(dmarc.rua.empty() ? "no address is named" : "every host has agreed");
}

// The organizational domain is compared too, since alignment depends on it.
Check same_for_both(const DmarcFacts& dmarc) {
  const bool same = rules::same_policy(dmarc.by_walk, dmarc.by_psl) &&
                    dmarc.by_walk->org_domain == dmarc.by_psl->org_domain;
  return same ? passed("both find the same record and organizational domain")
              : failed("tree walk and public suffix list differ");
}

Check own_where_deep(const Facts& facts) {
  const std::size_t labels = facts.subject.domain.labels().size();
  // From the domain itself the tree walk goes straight to its last seven labels, so a record in
  // between is never found.
  if (labels <= 8) return passed(fmt::format("{} labels", labels));
  const dmarc::DiscoveredPolicy* discovered = facts.dmarc.discovered();
  const bool own = discovered != nullptr && discovered->at == facts.subject.domain;
  return own ? passed(fmt::format("{} labels, a record of its own", labels))
             : failed(fmt::format("{} labels, no record of its own", labels));
}

// Forwarding breaks SPF, so mail without DKIM is rejected on its way (RFC 9989 section 7.4).
Check reject_has_dkim(const Facts& facts) {
  const Enforcement enforcement = enforcement_of(facts.dmarc);
  if (enforcement.policy != dmarc::Policy::Reject) return passed("p is not reject");
  if (sends_nothing(facts)) return passed("nothing may send as the domain");
  return dkim_key(facts);
}

// --- Rules that DNS does not show ---------------------------------------------------------------

// Listed all the same: a profile without them would look as if it were complete.
Check needs_reports(const Facts&) {
  return unknown("DNS does not show it; DMARC reports do (rampart reports summary)");
}

Check needs_hosts(const Facts&) {
  return unknown("DNS does not show which hosts send; check your own");
}

Check needs_connection(const Facts&) { return unknown("only a connection to the hosts shows it"); }

Check needs_mail(const Facts&) { return unknown("only the messages themselves show it"); }

// --- The tables ---------------------------------------------------------------------------------

constexpr std::string_view kGoogle = "Google, email sender guidelines (2024)";
constexpr std::string_view kYahoo = "Yahoo, sender best practices (2024)";
constexpr std::string_view kMicrosoft = "Microsoft, high-volume senders (2025)";
constexpr std::string_view kAll = "Google and Yahoo (2024), Microsoft (2025)";
constexpr std::string_view kBod = "CISA BOD 18-01 (2017)";

constexpr std::array kBulk = {
    Rule{"spf", "SPF is published and can be evaluated", kAll, spf_works},
    Rule{"spf-or-dkim", "every message passes SPF or DKIM", kGoogle, spf_or_dkim},
    Rule{"dkim", "messages are signed: a key of 1024 bits or more is published", kAll, dkim_key},
    Rule{"dkim-2048", "keys have 2048 bits (recommended)", kGoogle, dkim_strong,
         RequirementLevel::Should},
    Rule{"dmarc", "a DMARC record is published, p=none at least", kAll, dmarc_published},
    Rule{"aligned", "From aligns with SPF or DKIM", kAll, needs_reports},
    Rule{"both-pass", "SPF and DKIM both pass", kMicrosoft, needs_reports},
    Rule{"ptr", "sending hosts have forward-confirmed PTR names", kGoogle, needs_hosts},
    Rule{"tls", "messages are sent over TLS", kGoogle, needs_hosts},
    Rule{"one-click", "marketing mail has one-click unsubscription (RFC 8058)", kYahoo, needs_mail},
    Rule{"spam-rate", "fewer than 0.3 % of the messages are reported as spam", kYahoo, needs_mail},
};

constexpr std::array kFederal = {
    Rule{"spf", "a valid SPF record is published", kBod, spf_works},
    Rule{"spf-restricts", "the SPF record ends in ~all or -all", kBod, spf_restricts},
    Rule{"dmarc", "a DMARC record is published", kBod, dmarc_published},
    Rule{"dmarc-reject", "DMARC is p=reject for all mail", kBod, of_record<rejects>},
    Rule{"sub-domains", "sub-domains are covered as strictly", kBod, of_record<covers_sub_domains>},
    Rule{"rua", "aggregate reports are requested", kBod, of_record<has_reports>},
    Rule{"rua-cisa", "reports go to reports@dmarc.cyber.dhs.gov", kBod, of_record<reports_to_cisa>},
    Rule{"starttls", "mail hosts offer STARTTLS, without SSLv2, SSLv3, RC4 and 3DES", kBod,
         needs_connection},
};

constexpr std::array kRfc9989 = {
    Rule{"one-record", "one DMARC record is published at a name", "RFC 9989 section 4.10",
         one_record},
    Rule{"found", "a record governs the domain", "RFC 9989 section 4.10.1", dmarc_published},
    Rule{"p", "p is none, quarantine or reject", "RFC 9989 section 4.7", of_record<has_p>},
    Rule{"tags", "every tag follows the grammar", "RFC 9989 section 4.8", of_record<clean_tags>},
    Rule{"historic", "pct, rf and ri are absent", "RFC 9989 section 9.3", of_record<no_historic>,
         RequirementLevel::Should},
    Rule{"sizes", "report addresses have no size", "RFC 9989 section 4.7", of_record<no_sizes>,
         RequirementLevel::Should},
    Rule{"consent", "report hosts of other organizations have agreed", "RFC 9990 section 4",
         of_record<all_agree>},
    Rule{"discovery", "tree walk and public suffix list agree", "RFC 9989 appendix C",
         of_record<same_for_both>, RequirementLevel::Should},
    Rule{"deep-names", "a domain of more than eight labels has its own record",
         "RFC 9989 section 5.1.8", own_where_deep},
    Rule{"reject-dkim", "p=reject does not rely on SPF alone", "RFC 9989 section 7.4",
         reject_has_dkim},
};

// The table is a template argument, so that a Profile stays a plain function pointer.
template <const auto& kRules>
std::vector<RuleResult> rule_results_of(const Facts& facts) {
  std::vector<RuleResult> rule_results;
  for (const Rule& rule : kRules) {
    Check check = rule.check(facts);
    rule_results.push_back({.id = rule.id,
                            .rule = rule.rule,
                            .source = rule.source,
                            .level = rule.level,
                            .verdict = check.verdict,
                            .reason = std::move(check.reason)});
  }
  return rule_results;
}

}  // namespace

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> table = {
      {"bod-18-01", "US federal domains, BOD 18-01", rule_results_of<kFederal>},
      {"bulk-sender", "Bulk senders to Google, Yahoo and Microsoft", rule_results_of<kBulk>},
      {"rfc9989", "DMARC as RFC 9989 specifies it", rule_results_of<kRfc9989>},
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
