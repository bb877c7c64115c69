/// From facts to findings and the report.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

// Names that DNS did not answer for. Without SPF or DMARC the domain cannot be assessed at all,
// which is an Error; any other missing answer leaves the rest of the report valid.
void check_failures(const Facts& facts, rules::Faults& faults) {
  if (facts.failures.empty()) return;
  const bool blind =
      facts.spf.state == State::Unobservable || facts.dmarc.state == State::Unobservable;
  std::vector<std::string> failures = facts.failures;
  std::ranges::sort(failures);
  failures.erase(std::ranges::unique(failures).begin(), failures.end());
  constexpr std::size_t kShown = 3;  // An unreachable server fails for every name alike.
  const std::size_t shown = std::min(failures.size(), kShown);
  const std::size_t more = failures.size() - shown;
  failures.resize(shown);
  faults.push_back({.severity = blind ? Severity::Error : Severity::Warning,
                    .code = "unobservable",
                    .message = fmt::format("DNS did not answer for {}{}", fmt::join(failures, "; "),
                                           more > 0 ? fmt::format("; and {} more", more) : ""),
                    .hint = "try again; if it persists, receivers cannot read these names either"});
}

void sort_by_code(std::vector<Finding>& found) {
  std::ranges::stable_sort(found, {}, &Finding::code);
}

}  // namespace

std::string describe(const Reading& reading) {
  switch (reading.state) {
    case State::Several:
      return "is published several times";
    case State::Invalid:
      return "is invalid: " + reading.problem;
    case State::Unobservable:
      return "could not be read: " + reading.problem;
    case State::None:
      return "is missing";
    default:
      return "is published";
  }
}

std::string describe_ending(const SpfFacts& spf) {
  if (!spf.ending) return "its ending is behind a redirect that cannot be read";
  return fmt::format("ends in {}all", static_cast<char>(*spf.ending));
}

std::vector<std::string> texts_of(const std::vector<Name>& names) {
  std::vector<std::string> texts;
  for (const Name& name : names) texts.push_back(name.text());
  return texts;
}

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

}  // namespace rampart::audit
