/// Findings about MX, MTA-STS, TLS reports and BIMI.
#include <fmt/ranges.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/names.h"
#include "policies/rules/transport.h"

namespace rampart::audit {
namespace {

// Whether senders would use MTA-STS and TLS-RPT at all: they apply to delivery to an MX. A domain
// that receives no mail gains nothing by either, so their absence is no finding there.
bool has_mx(const Facts& facts) { return facts.receives() && !facts.mx.hosts.empty(); }

// A record that is published but unusable: everybody acts as if it were missing.
void check_form(const Facts& facts, const Reading& reading, RecordKind kind,
                rules::Faults& faults) {
  if (reading.state != State::Several && reading.state != State::Invalid) return;
  add(faults, rules::transport_invalid(kind, facts.subject.domain, describe(reading)));
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
  check_form(facts, facts.bimi, RecordKind::Bimi, faults);
  const Enforcement enforcement = enforcement_of(facts.dmarc);
  const bool strict = enforcement.policy != dmarc::Policy::None && enforcement.whole &&
                      facts.dmarc.record.sp != dmarc::Policy::None;
  // BIMI draft section 7.1: neither the author domain nor its organizational domain may ask for
  // none, whatever sp says.
  const bool org_none = facts.dmarc.org_policy == dmarc::Policy::None && !facts.is_org;
  if (facts.bimi.state != State::Valid || (strict && !org_none)) return;
  if (strict) {
    return faults.push_back(
        {.code = "bimi-not-enforced",
         .message = fmt::format("the BIMI logo of {} is not shown: the organizational domain asks "
                                "for p=none",
                                name_of(facts)),
         .hint = "move the organizational domain to quarantine or reject as well"});
  }
  faults.push_back(
      {.code = "bimi-not-enforced",
       .message = fmt::format(
           "the BIMI logo of {} is not shown: DMARC is not enforced for all mail", name_of(facts)),
       .hint = "move DMARC to quarantine or reject for all mail, sub-domains included"});
}

// In the order in which mail travels: the MX first, then how it is encrypted, then what is reported
// and shown.
}  // namespace

void check_transport(const Facts& facts, rules::Faults& faults) {
  if (facts.mx.null_among_others) add(faults, rules::null_mx_mixed(facts.subject.domain));
  std::ranges::copy(facts.mx.faults, std::back_inserter(faults));
  if (facts.mta_sts.state == State::None && has_mx(facts)) {
    faults.push_back({.severity = Severity::Info,
                      .code = "mta-sts-missing",
                      .message = fmt::format("{} does not announce MTA-STS", name_of(facts)),
                      .hint = "serve a policy, then publish _mta-sts TXT \"v=STSv1; id=...\": it "
                              "makes senders encrypt"});
  }
  check_form(facts, facts.mta_sts, RecordKind::MtaSts, faults);
  check_mta_sts_policy(facts, faults);
  if (facts.mta_sts.host) {
    add(faults, rules::takeover({"the MTA-STS policy host",
                                 fmt::format("serve a policy for {}", name_of(facts))},
                                *facts.mta_sts.host));
  }
  if (facts.tls_rpt.state == State::None && has_mx(facts)) {
    faults.push_back({.severity = Severity::Info,
                      .code = "tls-rpt-missing",
                      .message = fmt::format("{} asks for no TLS reports", name_of(facts)),
                      .hint = "publish _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:...\""});
  }
  check_form(facts, facts.tls_rpt, RecordKind::TlsRpt, faults);
  check_bimi(facts, faults);
}

}  // namespace rampart::audit
