/// From facts to findings: what concerns the domain as a whole, its transport, and the report.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

// What could not be read; without SPF or DMARC nothing can be said for the domain.
void check_failures(const Facts& facts, Findings& found) {
  if (facts.failures.empty()) return;
  const bool blind =
      facts.spf.state == State::Unobservable || facts.dmarc.state == State::Unobservable;
  std::vector<std::string> told = facts.failures;
  std::ranges::sort(told);
  told.erase(std::ranges::unique(told).begin(), told.end());
  constexpr std::size_t kTold = 3;
  const std::size_t more = told.size() > kTold ? told.size() - kTold : 0;
  told.resize(told.size() - more);
  found.push_back(
      finding_of(facts, blind ? Severity::Error : Severity::Warning, "unobservable",
                 fmt::format("DNS did not answer for {}{}", fmt::join(told, "; "),
                             more > 0 ? fmt::format("; and {} more", more) : ""),
                 "ask again; if it stays so, receivers cannot read these names either"));
}

void check_mx(const Facts& facts, Findings& found) {
  if (!facts.mx.null_among_others) return;
  found.push_back(
      finding_of(facts, Severity::Warning, "mx-null-mixed",
                 fmt::format("{} has a null MX beside others (RFC 7505 section 3)", name_of(facts)),
                 "keep the null MX alone where no mail is received, else remove it"));
}

void check_policy(const Facts& facts, Findings& found) {
  const MtaStsFacts& mta_sts = facts.mta_sts;
  if (!mta_sts.fetched) return;
  if (!mta_sts.policy) {
    found.push_back(finding_of(facts, Severity::Warning, "mta-sts-unreachable",
                               fmt::format("{} announces MTA-STS, but its policy {}",
                                           name_of(facts), mta_sts.fetched->problem),
                               fmt::format("serve it at {}", policy_url(facts.subject.domain))));
    return;
  }
  const std::vector<Name> uncovered = uncovered_mx(facts);
  const MtaStsMode mode = mta_sts.policy->mode;
  if (!uncovered.empty() && mode != MtaStsMode::None) {
    std::vector<std::string> hosts;
    for (const Name& host : uncovered) hosts.push_back(host.text());
    const bool enforced = mode == MtaStsMode::Enforce;
    found.push_back(finding_of(
        facts, enforced ? Severity::Error : Severity::Warning, "mta-sts-mx",
        fmt::format("the MTA-STS policy of {} (mode {}) does not cover its MX {}", name_of(facts),
                    to_text(mode), fmt::join(hosts, ", ")),
        enforced ? "senders refuse to deliver there: add the host to the policy, then change the id"
                 : "add the host to the policy, then change the id"));
  }
  if (mode == MtaStsMode::Testing) {
    found.push_back(
        finding_of(facts, Severity::Info, "mta-sts-testing",
                   fmt::format("the MTA-STS policy of {} is in testing mode", name_of(facts)),
                   "move to enforce once TLS reports are clean for two weeks"));
  }
}

void check_mta_sts(const Facts& facts, Findings& found) {
  const MtaStsFacts& mta_sts = facts.mta_sts;
  if (mta_sts.state == State::None && facts.receives() && !facts.mx.hosts.empty()) {
    found.push_back(finding_of(facts, Severity::Info, "mta-sts-missing",
                               fmt::format("{} does not announce MTA-STS", name_of(facts)),
                               "it keeps mail to the domain from being read on the way"));
  }
  if (mta_sts.state == State::Several || mta_sts.state == State::Invalid) {
    found.push_back(
        finding_of(facts, Severity::Warning, "mta-sts-invalid",
                   fmt::format("the MTA-STS record of {} {}", name_of(facts), told(mta_sts)),
                   "senders act as if there were none"));
  }
  check_policy(facts, found);
}

void check_tls_rpt(const Facts& facts, Findings& found) {
  if (facts.tls_rpt.state == State::None && facts.receives() && !facts.mx.hosts.empty()) {
    found.push_back(finding_of(facts, Severity::Info, "tls-rpt-missing",
                               fmt::format("{} asks for no TLS reports", name_of(facts)),
                               "publish _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:...\""));
  }
  if (facts.tls_rpt.state == State::Several || facts.tls_rpt.state == State::Invalid) {
    found.push_back(
        finding_of(facts, Severity::Warning, "tls-rpt-invalid",
                   fmt::format("the TLS-RPT record of {} {}", name_of(facts), told(facts.tls_rpt)),
                   "reporters act as if there were none"));
  }
}

void check_bimi(const Facts& facts, Findings& found) {
  if (facts.bimi.state == State::Several || facts.bimi.state == State::Invalid) {
    found.push_back(
        finding_of(facts, Severity::Warning, "bimi-invalid",
                   fmt::format("the BIMI record of {} {}", name_of(facts), told(facts.bimi)),
                   "mailbox providers show no logo"));
  }
  const Enforcement enforcement = enforcement_of(facts.dmarc);
  const bool strict = enforcement.policy != dmarc::Policy::None && enforcement.whole &&
                      facts.dmarc.record.sp != dmarc::Policy::None;
  if (facts.bimi.state != State::Valid || strict) return;
  found.push_back(finding_of(facts, Severity::Warning, "bimi-not-enforced",
                             fmt::format("the BIMI logo of {} is not shown: DMARC is not enforced "
                                         "for all mail",
                                         name_of(facts)),
                             "it needs quarantine or reject for all mail, sub-domains included"));
}

void sort_by_code(Findings& found) { std::ranges::stable_sort(found, {}, &Finding::code); }

}  // namespace

Finding finding_of(const Facts& facts, Severity severity, std::string code, std::string message,
                   std::string hint) {
  return {severity,
          std::move(code),
          facts.subject.domain,
          std::move(message),
          std::move(hint),
          facts.subject.mark,
          {}};
}

std::string told(const Reading& reading) {
  switch (reading.state) {
    case State::Several:
      return "stands there several times";
    case State::Invalid:
      return "is invalid: " + reading.problem;
    case State::Unobservable:
      return "could not be read: " + reading.problem;
    case State::None:
      return "is missing";
    default:
      return "is there";
  }
}

void check_transport(const Facts& facts, Findings& found) {
  check_mx(facts, found);
  check_mta_sts(facts, found);
  check_tls_rpt(facts, found);
  check_bimi(facts, found);
}

std::vector<Finding> evaluate(const Facts& facts) {
  Findings found;
  check_failures(facts, found);
  if (!facts.exists) {
    found.push_back(finding_of(facts, Severity::Error, "domain-missing",
                               fmt::format("{} does not exist", name_of(facts)),
                               "is the name spelt as it is meant?"));
    return found;
  }
  if (facts.spf.state != State::Unobservable) check_spf(facts, found);
  check_dkim(facts, found);
  if (facts.dmarc.state != State::Unobservable) check_dmarc(facts, found);
  check_transport(facts, found);
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
