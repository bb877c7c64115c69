/// From facts to findings and the report.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/counted.h"
#include "mail/dmarc/org_domain.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/model/lookup.h"
#include "policies/rules/dkim.h"
#include "policies/rules/dmarc.h"
#include "policies/rules/spf.h"

namespace rampart::audit {
namespace {

// Names that DNS did not answer for. Without SPF or DMARC the domain cannot be assessed at all,
// which is an Error; any other missing answer leaves the rest of the report valid. All of them are
// one finding: an unreachable server would otherwise fill the report with the same sentence.
void check_failures(const Facts& facts, rules::Faults& faults) {
  if (facts.failures.empty()) return;
  const bool blind =
      facts.spf.state == State::Unobservable || facts.dmarc.state == State::Unobservable;
  std::vector<std::string> failures = facts.failures;
  sort_unique(failures);
  constexpr std::size_t kShown = 3;  // An unreachable server fails for every name alike.
  const std::size_t shown = std::min(failures.size(), kShown);
  const std::size_t more = failures.size() - shown;
  failures.resize(shown);
  faults.push_back(
      {.severity = blind ? Severity::Error : Severity::Warning,
       .code = "unobservable",
       .message = fmt::format("DNS gave no usable answer for {}{}", fmt::join(failures, "; "),
                              more > 0 ? fmt::format("; and {} more", more) : ""),
       .hint = "try again; if it persists, receivers cannot read these names either"});
}

void sort_by_code(std::vector<Finding>& found) {
  std::ranges::stable_sort(found, {}, &Finding::code);
}

void collect_broken(const spf::TreeNode& node, std::vector<const spf::TreeNode*>& broken) {
  for (const spf::TreeNode& child : node.children) {
    // A term whose macros depend on the message has no domain to open, which is no fault.
    const bool open = child.domain.empty() && child.lower_bound;
    if (!child.problem.empty() && !open) broken.push_back(&child);
    collect_broken(child, broken);
  }
}

// A sub-domain without MX often sends nothing, so its missing record is only a warning.
rules::Fault spf_missing(const Facts& facts) {
  const bool mail = facts.is_org || !facts.mx.hosts.empty();
  const bool silent = facts.mx.null || facts.mx.state == State::None;
  return {.severity = mail ? Severity::Error : Severity::Warning,
          .code = "spf-missing",
          .message = name_of(facts) + " publishes no SPF record",
          .hint = silent ? "publish `v=spf1 -all` where nothing sends as this domain"
                         : "publish `v=spf1`, the senders' terms, and `~all` or `-all`"};
}

// A selector that reports or the YAML name is known to be in use, so a missing key is a fault and
// no guess.
rules::Fault key_missing(const KeyFacts& key) {
  return {.code = "dkim-not-found",
          .message = fmt::format(
              "there is no key at {}, although the selector is {}", key.name.text(),
              key.query.source == Source::Declared ? "declared in the YAML" : "in use in reports"),
          .hint = "publish the key, or stop signing with this selector"};
}

// Each state has one rule at most: a key that cannot be read says nothing about its length.
void check_key(const Facts& facts, const KeyFacts& key, rules::Faults& faults) {
  switch (key.state) {
    case KeyState::Key:
      add(faults, rules::key_too_short(key.name, key.shape, rules::KeyHolder::Domain));
      if (key.testing) add(faults, rules::key_testing(key.name));
      return;
    case KeyState::Absent:
      return add(faults, key_missing(key));
    case KeyState::Several:
      return add(faults, rules::several_keys(key.name));
    case KeyState::Invalid:
      return add(faults, rules::key_invalid(key.name, key.problem));
    case KeyState::Dangling:
      return add(faults,
                 rules::selector_dangling(facts.subject.domain, key.name, key.cnames.back()));
    case KeyState::Unset:
      return add(faults, rules::target_without_key(key.name, key.cnames.back()));
    case KeyState::Revoked:       // Publishing an empty p= is how a key is retired.
    case KeyState::Unobservable:  // Reported with all other names that DNS did not answer for.
      return;
  }
}

// Sub-domains are compared at the record that governs, which may be above the audited domain.
void check_policy(const DmarcFacts& dmarc, const Name& domain, rules::Faults& faults) {
  const Enforcement enforcement = enforcement_of(dmarc);
  const Name& at = dmarc.discovered()->at;
  add(faults, rules::dmarc_not_enforced(domain, enforcement.policy));
  add(faults, rules::dmarc_partial(domain, dmarc.record));
  add(faults, rules::dmarc_sub_domains(at, dmarc.record));
  add(faults, rules::dmarc_generations_differ(domain, dmarc.by_walk, dmarc.by_psl));
  add(faults, rules::dmarc_historic_tags(domain, dmarc.record));
  if (dmarc.rua.empty()) add(faults, rules::dmarc_without_rua(domain, enforcement.policy));
  for (const ReportAddress& one : dmarc.rua) {
    if (one.consent != ReportAddress::Consent::Refused) continue;
    add(faults, rules::report_unauthorized(at, one.host));
  }
}

// Whether senders would use MTA-STS and TLS-RPT at all: they apply to delivery to an MX. A domain
// that receives no mail gains nothing by either, so their absence is no finding there.
bool has_mx(const Facts& facts) { return facts.receives() && !facts.mx.hosts.empty(); }

// A record that is published but unusable: receivers and senders then act as if it were missing.
// One function serves the three records below, since RFC 8461 section 3.1 and RFC 8460 section 3
// treat faults alike.
struct Form {
  const Reading& reading;
  std::string_view code;
  std::string_view what;
  std::string_view effect;
  std::string hint;
};

void check_form(const Facts& facts, const Form& form, rules::Faults& faults) {
  const State state = form.reading.state;
  if (state != State::Several && state != State::Invalid) return;
  faults.push_back({.code = form.code,
                    .message = fmt::format("the {} record of {} {}, so that {}", form.what,
                                           name_of(facts), describe(form.reading), form.effect),
                    .hint = form.hint});
}

// In enforce mode senders refuse delivery to an MX that the policy does not match
// (RFC 8461 section 5.1), so it is an Error then.
void check_mta_sts_mx(const Facts& facts, rules::Faults& faults) {
  const std::vector<std::string> hosts = texts_of(uncovered_mx(facts));
  const MtaStsMode mode = facts.mta_sts.policy->mode;
  if (hosts.empty() || mode == MtaStsMode::None) return;
  const bool enforced = mode == MtaStsMode::Enforce;
  // The policy comes first: a new id makes senders fetch it at once (RFC 8461 section 3.3).
  const std::string hint = "add the host to the policy, then change the id";
  faults.push_back(
      {.severity = enforced ? Severity::Error : Severity::Warning,
       .code = "mta-sts-mx",
       .message = fmt::format("the MTA-STS policy of {} (mode {}) does not cover its MX {}",
                              name_of(facts), to_text(mode), fmt::join(hosts, ", ")),
       .hint = enforced ? "senders refuse to deliver there: " + hint : hint});
}

// Not fetching (an offline audit) is no fault of the domain, so nothing is reported then.
void check_mta_sts_policy(const Facts& facts, rules::Faults& faults) {
  const MtaStsFacts& mta_sts = facts.mta_sts;
  if (!mta_sts.fetched) return;
  if (!mta_sts.policy) {
    faults.push_back({.code = "mta-sts-unreachable",
                      .message = fmt::format("{} announces MTA-STS, but its policy {}",
                                             name_of(facts), mta_sts.fetched->problem),
                      .hint = "serve it at " + policy_url(facts.subject.domain)});
    return;
  }
  check_mta_sts_mx(facts, faults);
  if (mta_sts.policy->mode != MtaStsMode::Testing) return;
  faults.push_back(
      {.severity = Severity::Info,
       .code = "mta-sts-testing",
       .message = fmt::format("the MTA-STS policy of {} is in testing mode", name_of(facts)),
       .hint = "move to enforce once TLS reports are clean for two weeks"});
}

// The BIMI draft asks for enforcement of all mail; a record alone shows no logo.
void check_bimi(const Facts& facts, rules::Faults& faults) {
  check_form(facts,
             {facts.bimi, "bimi-invalid", "BIMI", "mailbox providers show no logo",
              "correct the record, or remove it"},
             faults);
  const Enforcement enforcement = enforcement_of(facts.dmarc);
  const bool strict = enforcement.policy != dmarc::Policy::None && enforcement.whole &&
                      facts.dmarc.record.sp != dmarc::Policy::None;
  if (facts.bimi.state != State::Valid || strict) return;
  faults.push_back(
      {.code = "bimi-not-enforced",
       .message = fmt::format(
           "the BIMI logo of {} is not shown: DMARC is not enforced for all mail", name_of(facts)),
       .hint = "move DMARC to quarantine or reject for all mail, sub-domains included"});
}

// Each in the order of its enumerators.
constexpr std::array<std::string_view, 4> kSources = {"declared", "reported", "sender", "guessed"};
constexpr std::array<std::string_view, 6> kStates = {"unknown", "none",  "several",
                                                     "invalid", "valid", "unobservable"};
constexpr std::array<std::string_view, 8> kKeyStates = {
    "absent", "key", "revoked", "several", "invalid", "dangling", "unset", "unobservable"};
constexpr std::array<std::string_view, 4> kConsents = {"own", "granted", "refused", "unknown"};
constexpr std::array<std::string_view, 3> kVerdicts = {"pass", "fail", "unknown"};

// A record that receivers reject as a whole has one finding: its terms and limits are of no effect.
void check_spf(const Facts& facts, rules::Faults& faults) {
  const SpfFacts& spf = facts.spf;
  const Name& domain = facts.subject.domain;
  if (!spf.near_miss.empty()) {
    add(faults, rules::spf_near_miss(domain, spf.near_miss, spf.slip));
  }
  if (spf.state == State::None) return add(faults, spf_missing(facts));
  if (spf.state == State::Several) return add(faults, rules::spf_multiple(domain, spf.problem));
  if (spf.state == State::Invalid) return add(faults, rules::spf_invalid(domain, spf.problem));
  const bool everybody = spf.ending == spf::Qualifier::Pass;
  std::ranges::move(
      rules::spf_limits({.domain = domain,
                         .pass_all = everybody ? 1 : 0,
                         .ptr_terms = std::ranges::count(spf.record.directives, spf::Mechanism::Ptr,
                                                         &spf::Directive::mechanism),
                         .lookups = spf.tree.lookups,
                         .void_lookups = spf.tree.void_lookups,
                         .lower_bound = spf.tree.lower_bound,
                         .txt_octets = spf.octets,
                         .record_octets = spf.text.size(),
                         .root = &spf.tree.root}),
      std::back_inserter(faults));
  for (const spf::TreeNode* node : broken_nodes(spf.tree.root)) {
    add(faults, rules::spf_unresolved(*node));
  }
  add(faults, rules::spf_neutral(domain, spf.ending));
  add(faults, rules::spf_dead_terms(spf.record));
  // `+all` passes every address; that the sum is large is then no second fault.
  if (everybody) return;
  if (!spf.reach.everybody) add(faults, rules::spf_broad(domain, spf.reach.addresses4));
  rules::SpfReach reach = spf.reach;
  if (rules::is_broad(reach.addresses4) && !reach.everybody) reach.addresses4 = 0;
  add(faults, rules::authority_wide(domain, reach, spf.tree.root));
}

// A domain that sends nothing needs no key. Elsewhere DNS cannot list selectors, so "none known"
// and "none found" are kept apart. A selector without an answer may hold a key: it is among the
// names of `unobservable`, and nothing is said to be missing.
void check_dkim(const Facts& facts, rules::Faults& faults) {
  const DkimFacts& dkim = facts.dkim;
  for (const KeyFacts& key : dkim.keys) check_key(facts, key, faults);
  const bool some = std::ranges::any_of(
      dkim.keys, [](const KeyFacts& key) { return key.state != KeyState::Absent; });
  if (some || sends_nothing(facts) || dkim.unanswered > 0) return;
  if (dkim.queried == 0) {
    faults.push_back(
        {.severity = Severity::Info,
         .code = "dkim-not-asked",
         .message = fmt::format("no selector of {} is known, so its DKIM keys were not "
                                "checked",
                                name_of(facts)),
         .hint = "try the usual selectors with --guess-selectors"});
  } else if (dkim.keys.empty() && is_revoked_for_all(dkim)) {
    faults.push_back(
        {.code = "dkim-not-found",
         .message = fmt::format("a wildcard record revokes the key of every selector of {} that "
                                "was queried: no mail signed with one of them passes DKIM",
                                name_of(facts)),
         .hint = "this is right for a domain that sends no mail; else publish a key at the "
                 "selector that signs"});
  } else if (dkim.keys.empty()) {
    faults.push_back({.code = "dkim-not-found",
                      .message = fmt::format("none of the {} queried of {} holds a key",
                                             counted(dkim.queried, "selector"), name_of(facts)),
                      .hint = dkim.guessed
                                  ? "name the selectors in domains.yaml; DNS cannot list them"
                                  : "try the usual selectors with --guess-selectors"});
  }
}

void check_dmarc(const Facts& facts, rules::Faults& faults) {
  const DmarcFacts& dmarc = facts.dmarc;
  const Name& domain = facts.subject.domain;
  // The domain's own records may be unusable while one above it governs, so both are checked.
  if (dmarc.several_here || dmarc.state == State::Several) {
    add(faults, rules::dmarc_multiple(dmarc.several_here ? domain : dmarc::org_domain_psl(domain)));
  }
  if (!dmarc.near_miss.empty()) {
    add(faults, rules::dmarc_near_miss(domain, dmarc.near_miss, dmarc.slip));
  }
  for (const std::string& problem : dmarc.problems) {
    add(faults, rules::dmarc_tag_invalid(domain, problem));
  }
  if (dmarc.state == State::Valid) return check_policy(dmarc, domain, faults);
  if (dmarc.state == State::None) return add(faults, rules::dmarc_missing(domain));
  if (dmarc.state == State::Invalid) add(faults, rules::dmarc_invalid(domain, dmarc.problem));
}

// In the order in which mail travels: the MX first, then how it is encrypted, then what is reported
// and shown.
void check_transport(const Facts& facts, rules::Faults& faults) {
  if (facts.mx.null_among_others) {
    faults.push_back(
        {.code = "mx-null-mixed",
         .message = fmt::format("{} has a null MX beside other MX records (RFC 7505 section 3)",
                                name_of(facts)),
         .hint = "keep only the null MX if the domain receives no mail, else remove it"});
  }
  if (facts.mta_sts.state == State::None && has_mx(facts)) {
    faults.push_back({.severity = Severity::Info,
                      .code = "mta-sts-missing",
                      .message = fmt::format("{} does not announce MTA-STS", name_of(facts)),
                      .hint = "serve a policy, then publish _mta-sts TXT \"v=STSv1; id=...\": it "
                              "makes senders encrypt"});
  }
  check_form(facts,
             {facts.mta_sts, "mta-sts-invalid", "MTA-STS", "senders ignore it",
              "correct the record (RFC 8461 section 3.1)"},
             faults);
  check_mta_sts_policy(facts, faults);
  if (facts.tls_rpt.state == State::None && has_mx(facts)) {
    faults.push_back({.severity = Severity::Info,
                      .code = "tls-rpt-missing",
                      .message = fmt::format("{} asks for no TLS reports", name_of(facts)),
                      .hint = "publish _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:...\""});
  }
  check_form(facts,
             {facts.tls_rpt, "tls-rpt-invalid", "TLS-RPT", "reporters ignore it",
              "correct the record (RFC 8460 section 3)"},
             faults);
  check_bimi(facts, faults);
}

}  // namespace

// A predicate, since its callers put different subjects in front of it.
std::string describe(const Reading& reading) {
  if (reading.state == State::Several) return "is published several times";
  if (reading.state == State::Invalid) return "is invalid: " + reading.problem;
  if (reading.state == State::Unobservable) return "could not be read: " + reading.problem;
  return reading.state == State::None ? "is missing" : "is published";
}

// The qualifier is printed as it is written in the record, which is what people look for.
std::string describe_ending(const SpfFacts& spf) {
  if (!spf.ending) return "its ending is behind a redirect that cannot be read";
  return fmt::format("ends in {}all", static_cast<char>(*spf.ending));
}

std::vector<std::string> texts_of(const std::vector<Name>& names) {
  std::vector<std::string> texts;
  for (const Name& name : names) texts.push_back(name.text());
  return texts;
}

// A name that does not exist has one finding: everything else follows from it.
std::vector<Finding> evaluate(const Facts& facts) {
  rules::Faults faults;
  check_failures(facts, faults);
  if (!facts.exists) {
    faults.push_back({.severity = Severity::Error,
                      .code = "domain-missing",
                      .message = fmt::format("{} does not exist", name_of(facts)),
                      .hint = "check the spelling, and that it is still registered"});
  } else {
    if (facts.spf.state != State::Unobservable) check_spf(facts, faults);
    check_dkim(facts, faults);
    if (facts.dmarc.state != State::Unobservable) check_dmarc(facts, faults);
    check_transport(facts, faults);
  }
  std::vector<Finding> found;
  for (rules::Fault& fault : faults) {
    found.push_back(to_finding(std::move(fault), facts.subject.domain, facts.subject.mark));
  }
  sort_by_code(found);
  return found;
}

// Findings of the profile are sorted in with the others, so that a report has one list.
Report report_on(Facts facts, const Profile* profile) {
  Report report{.facts = std::move(facts)};
  report.findings = evaluate(report.facts);
  report.parts = score_parts(report.facts);
  if (profile == nullptr) return report;
  report.rule_results = profile->rule_results(report.facts);
  std::ranges::move(profile_findings(report.facts, *profile, report.rule_results),
                    std::back_inserter(report.findings));
  sort_by_code(report.findings);
  return report;
}

std::vector<const spf::TreeNode*> broken_nodes(const spf::TreeNode& root) {
  std::vector<const spf::TreeNode*> broken;
  collect_broken(root, broken);
  return broken;
}

bool sends_nothing(const Facts& facts) {
  return facts.spf.state == State::Valid && facts.spf.passes_nobody &&
         facts.spf.ending == spf::Qualifier::Fail;
}

std::string_view to_text(Source source) { return word_of(kSources, source); }
std::string_view to_text(State state) { return word_of(kStates, state); }
std::string_view to_text(KeyState state) { return word_of(kKeyStates, state); }
std::string_view to_text(ReportAddress::Consent consent) { return word_of(kConsents, consent); }
std::string_view to_text(Verdict verdict) { return word_of(kVerdicts, verdict); }

}  // namespace rampart::audit
