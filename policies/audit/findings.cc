/// From facts to findings and the report.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/counted.h"
#include "mail/dmarc/org_domain.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/model/lookup.h"
#include "policies/rules/dmarc.h"
#include "policies/rules/names.h"
#include "policies/rules/strays.h"

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

// One host usually takes both kinds of reports, and is one finding then.
void check_report_hosts(const DmarcFacts& dmarc, const Name& at, rules::Faults& faults) {
  std::vector<ReportAddress> addresses = dmarc.rua;
  std::ranges::copy(dmarc.ruf, std::back_inserter(addresses));
  std::ranges::stable_sort(addresses, {}, &ReportAddress::host);
  const Name* last = nullptr;
  for (const ReportAddress& one : addresses) {
    if (last != nullptr && *last == one.host) continue;
    last = &one.host;
    if (one.consent == ReportAddress::Consent::Refused) {
      add(faults, rules::report_unauthorized(at, one.host));
    }
    if (!one.mail) continue;
    std::ranges::move(rules::report_host_faults(at, one.host, *one.mail),
                      std::back_inserter(faults));
  }
}

// Sub-domains are compared at the record that governs, which may be above the audited domain.
void check_policy(const Facts& facts, rules::Faults& faults) {
  const DmarcFacts& dmarc = facts.dmarc;
  const Name& domain = facts.subject.domain;
  const Enforcement enforcement = enforcement_of(dmarc);
  const Name& at = dmarc.discovered()->at;
  // Where one generation finds no record, that is the fault, and the other one's policy is no none.
  const dmarc::Policy found =
      dmarc.by_walk && dmarc.by_psl ? enforcement.policy : dmarc.discovered()->policy;
  add(faults, rules::dmarc_not_enforced(domain, found));
  add(faults, rules::dmarc_partial(domain, dmarc.record));
  add(faults, rules::dmarc_sub_domains(*dmarc.discovered()));
  add(faults, rules::dmarc_generations_differ(domain, dmarc.by_walk, dmarc.by_psl));
  add(faults, rules::dmarc_historic_tags(domain, dmarc.record));
  // A parked domain has no mail of its own that reports could show to fail.
  const bool parked = sends_nothing(facts) && facts.mx.null;
  if (dmarc.rua.empty() && !parked)
    add(faults, rules::dmarc_without_rua(domain, enforcement.policy));
  check_report_hosts(dmarc, at, faults);
}

// Each in the order of its enumerators.
constexpr std::array<std::string_view, 4> kSources = {"declared", "reported", "sender", "guessed"};
constexpr std::array<std::string_view, 6> kStates = {"unknown", "none",  "several",
                                                     "invalid", "valid", "unobservable"};
constexpr std::array<std::string_view, 8> kKeyStates = {
    "absent", "key", "revoked", "several", "invalid", "dangling", "unset", "unobservable"};
constexpr std::array<std::string_view, 4> kConsents = {"own", "granted", "refused", "unknown"};
constexpr std::array<std::string_view, 3> kVerdicts = {"pass", "fail", "unknown"};

// What to do depends on what exists at the name already: TXT cannot be published beside a CNAME.
rules::Fault missing_policy(const Facts& facts) {
  rules::Fault fault = rules::dmarc_missing(facts.subject.domain);
  const auto own = facts.subject.domain.child("_dmarc");
  const auto found = std::ranges::find_if(
      facts.dangling, [&own](const Dangling& one) { return own && one.name == *own; });
  if (found != facts.dangling.end()) {
    fault.hint =
        fmt::format("remove the CNAME at {} first: no TXT can exist beside it", found->name.text());
  } else if (facts.dmarc.near_miss_at) {
    fault.hint = fmt::format("correct the value at _dmarc.{}", facts.dmarc.near_miss_at->text());
  }
  return fault;
}

void check_dmarc(const Facts& facts, rules::Faults& faults) {
  const DmarcFacts& dmarc = facts.dmarc;
  const Name& domain = facts.subject.domain;
  // The domain's own records may be unusable while one above it governs, so both are checked.
  if (dmarc.several_here || dmarc.state == State::Several) {
    add(faults, rules::dmarc_multiple(dmarc.several_here ? domain : dmarc::org_domain_psl(domain)));
  }
  if (dmarc.near_miss_at) {
    add(faults, rules::dmarc_near_miss(*dmarc.near_miss_at, dmarc.near_miss, dmarc.slip));
  }
  for (const std::string& problem : dmarc.problems) {
    add(faults, rules::dmarc_tag_invalid(domain, problem));
  }
  if (dmarc.state == State::Valid) return check_policy(facts, faults);
  if (dmarc.state == State::None) add(faults, missing_policy(facts));
  if (dmarc.state == State::Invalid) add(faults, rules::dmarc_invalid(domain, dmarc.problem));
}

// A wildcard answers for all names that were queried: its value is reported once.
void check_strays(const Facts& facts, rules::Faults& faults) {
  for (auto one = facts.strays.begin(); one != facts.strays.end(); ++one) {
    const auto same = [&one](const Stray& other) { return other.value == one->value; };
    if (std::find_if(facts.strays.begin(), one, same) != one) continue;
    add(faults, rules::stray_record(facts.subject.domain, one->key, one->value));
  }
  for (const Dangling& one : facts.dangling) {
    add(faults, rules::record_dangling(one.name, one.target));
    if (!one.reading) continue;
    add(faults,
        rules::takeover(rules::record_reference(facts.subject.domain, one.name), *one.reading));
  }
}

}  // namespace

// A predicate, since its callers put different subjects in front of it.
std::string describe(const Reading& reading) {
  if (reading.state == State::Several) return "is published several times";
  if (reading.state == State::Invalid) {
    // The problem of an SPF record is a predicate itself.
    constexpr std::string_view kInvalidSpf = "publishes an invalid SPF record: ";
    const std::string& problem = reading.problem;
    const bool spf = problem.starts_with(kInvalidSpf);
    return "is invalid: " + (spf ? problem.substr(kInvalidSpf.size()) : problem);
  }
  if (reading.state == State::Unobservable) return "could not be read: " + reading.problem;
  return reading.state == State::None ? "is missing" : "is published";
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
    check_strays(facts, faults);
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

std::string_view to_text(Source source) { return word_of(kSources, source); }
std::string_view to_text(State state) { return word_of(kStates, state); }
std::string_view to_text(KeyState state) { return word_of(kKeyStates, state); }
std::string_view to_text(ReportAddress::Consent consent) { return word_of(kConsents, consent); }
std::string_view to_text(Verdict verdict) { return word_of(kVerdicts, verdict); }

}  // namespace rampart::audit
