/// From facts to faults: MX, MTA-STS, TLS-RPT and BIMI.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

// Whether senders would use MTA-STS and TLS-RPT at all: they apply to delivery to an MX.
bool has_mx(const Facts& facts) { return facts.receives() && !facts.mx.hosts.empty(); }

// A record that is published but unusable: receivers and senders then act as if it were missing.
void check_form(const Facts& facts, const Reading& reading, std::string_view code,
                std::string_view what, std::string hint, rules::Faults& faults) {
  if (reading.state != State::Several && reading.state != State::Invalid) return;
  faults.push_back(
      {.code = code,
       .message = fmt::format("the {} record of {} {}", what, name_of(facts), describe(reading)),
       .hint = std::move(hint)});
}

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

void check_bimi(const Facts& facts, rules::Faults& faults) {
  check_form(facts, facts.bimi, "bimi-invalid", "BIMI", "mailbox providers show no logo", faults);
  const Enforcement enforcement = enforcement_of(facts.dmarc);
  const bool strict = enforcement.policy != dmarc::Policy::None && enforcement.whole &&
                      facts.dmarc.record.sp != dmarc::Policy::None;
  if (facts.bimi.state != State::Valid || strict) return;
  faults.push_back(
      {.code = "bimi-not-enforced",
       .message = fmt::format(
           "the BIMI logo of {} is not shown: DMARC is not enforced for all mail", name_of(facts)),
       .hint = "it needs quarantine or reject for all mail, sub-domains included"});
}

}  // namespace

void check_transport(const Facts& facts, rules::Faults& faults) {
  if (facts.mx.null_among_others) {
    faults.push_back({.code = "mx-null-mixed",
                      .message = fmt::format("{} has a null MX beside others (RFC 7505 section 3)",
                                             name_of(facts)),
                      .hint = "keep the null MX alone where no mail is received, else remove it"});
  }
  if (facts.mta_sts.state == State::None && has_mx(facts)) {
    faults.push_back({.severity = Severity::Info,
                      .code = "mta-sts-missing",
                      .message = fmt::format("{} does not announce MTA-STS", name_of(facts)),
                      .hint = "it protects mail to the domain from being read in transit"});
  }
  check_form(facts, facts.mta_sts, "mta-sts-invalid", "MTA-STS",
             "senders act as if there were none", faults);
  check_mta_sts_policy(facts, faults);
  if (facts.tls_rpt.state == State::None && has_mx(facts)) {
    faults.push_back({.severity = Severity::Info,
                      .code = "tls-rpt-missing",
                      .message = fmt::format("{} asks for no TLS reports", name_of(facts)),
                      .hint = "publish _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:...\""});
  }
  check_form(facts, facts.tls_rpt, "tls-rpt-invalid", "TLS-RPT",
             "reporters act as if there were none", faults);
  check_bimi(facts, faults);
}

}  // namespace rampart::audit
