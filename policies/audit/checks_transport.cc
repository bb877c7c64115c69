/// The checks on mail to a domain that profiles share: MTA-STS, TLS reports, DNSSEC and DANE.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policies/audit/parts.h"
#include "policies/audit/rule_table.h"

namespace rampart::audit {
namespace {

/// Why rules on mail to the domain are settled without a look at their records: it receives none,
/// or its MX is unknown. Empty: they apply.
std::optional<Check> without_mx(const Facts& facts) {
  if (facts.mx.state == State::Unobservable) return unknown("the MX " + describe(facts.mx));
  if (facts.mx.null || facts.mx.hosts.empty()) return passed("no MX receives mail");
  return std::nullopt;
}

/// Whether what DNSSEC protects could be looked at.
std::optional<Check> without_dnssec(const Facts& facts) {
  if (facts.subject.dnssec == ReadDnssec::No) return unknown("DNSSEC was not read");
  if (facts.dnssec.state != State::Valid) return unknown("DNSSEC " + describe(facts.dnssec));
  return std::nullopt;
}

Check published(const Reading& reading, std::string_view what) {
  if (reading.state == State::Unobservable) return unknown(describe(reading));
  return reading.state == State::Valid
             ? passed(reading.text)
             : failed(fmt::format("the {} record {}", what, describe(reading)));
}

// One host without DANE is enough: anyone who can redirect mail leads it there (RFC 7672
// section 2.2.1). Its TLSA records count only where they are signed, which is the whole of their
// worth.
Check dane_of(const TlsaFacts& host) {
  const std::string& name = host.name.text();
  if (host.state == State::Unobservable) return unknown(name + " " + describe(host));
  if (host.state == State::None) return failed(name + " holds no TLSA record");
  if (host.state == State::Invalid) return failed(name + " holds no usable one: " + host.problem);
  switch (host.security) {
    case Security::Secure:
      return passed(name);
    case Security::Insecure:
      return failed(name + " is not signed, so that senders ignore its records");
    case Security::Unknown:
      break;
  }
  return unknown(name + " holds records, but the resolver does not show that they are signed");
}

// Where one fails, others that are unknown do not matter; where none fails, they do.
Check all_of(std::vector<Check> checks, std::string reason) {
  for (const Verdict worst : {Verdict::Fail, Verdict::Unknown}) {
    const auto found = std::ranges::find(checks, worst, &Check::verdict);
    if (found != checks.end()) return std::move(*found);
  }
  return passed(std::move(reason));
}

}  // namespace

Check mta_sts_published(const Facts& facts) {
  if (const auto settled = without_mx(facts)) return *settled;
  return published(facts.mta_sts, "MTA-STS");
}

// Without the policy nothing is known of its mode; where it could not be fetched, senders cannot
// either.
Check mta_sts_enforced(const Facts& facts) {
  const Check record = mta_sts_published(facts);
  if (record.verdict != Verdict::Pass || without_mx(facts)) return record;
  const MtaStsFacts& mta_sts = facts.mta_sts;
  if (!mta_sts.fetched) return unknown("the policy was not fetched");
  if (!mta_sts.policy) return failed("the policy " + mta_sts.fetched->problem);
  if (mta_sts.policy->mode != MtaStsMode::Enforce) {
    return failed(fmt::format("the policy has mode {}", to_text(mta_sts.policy->mode)));
  }
  const auto uncovered = uncovered_mx(facts);
  return uncovered.empty() ? passed("mode enforce, for every MX")
                           : failed("the policy does not cover " + uncovered.front().text());
}

Check tls_rpt_published(const Facts& facts) {
  if (const auto settled = without_mx(facts)) return *settled;
  return published(facts.tls_rpt, "TLS-RPT");
}

Check domain_signed(const Facts& facts) {
  if (const auto open = without_dnssec(facts)) return *open;
  switch (facts.dnssec.security) {
    case Security::Secure:
      return passed("a validating resolver authenticates its records");
    case Security::Insecure:
      return failed("the domain is not signed");
    case Security::Unknown:
      break;
  }
  return unknown(facts.dnssec.problem);
}

// An answer that there is no TLSA record is signed as well as any other, so that it shows whether
// the host's zone is.
Check mx_hosts_signed(const Facts& facts) {
  if (const auto settled = without_mx(facts)) return *settled;
  if (const auto open = without_dnssec(facts)) return *open;
  std::vector<Check> checks;
  for (const TlsaFacts& host : facts.dnssec.hosts) {
    const std::string& name = host.name.text();
    switch (host.security) {
      case Security::Secure:
        break;
      case Security::Insecure:
        checks.push_back(failed(name + " is not signed"));
        break;
      case Security::Unknown:
        checks.push_back(unknown("the resolver does not show whether " + name + " is signed"));
        break;
    }
  }
  return all_of(std::move(checks), "a validating resolver authenticates every MX host's zone");
}

// RFC 7672 section 2.2.1: without a signed MX the hosts' TLSA records are not even looked up.
Check dane_complete(const Facts& facts) {
  if (const auto settled = without_mx(facts)) return *settled;
  if (const auto open = without_dnssec(facts)) return *open;
  std::vector<Check> checks = {domain_signed(facts)};
  for (const TlsaFacts& host : facts.dnssec.hosts) checks.push_back(dane_of(host));
  return all_of(std::move(checks), "every MX host has usable TLSA records in a signed zone");
}

// Either protects against a server in between. One that passes settles the rule; one that is
// unknown leaves it open.
Check transport_protected(const Facts& facts) {
  const Check mta_sts = mta_sts_enforced(facts);
  if (mta_sts.verdict == Verdict::Pass) return passed("MTA-STS: " + mta_sts.reason);
  const Check dane = dane_complete(facts);
  if (dane.verdict == Verdict::Pass) return passed("DANE: " + dane.reason);
  std::string reason = fmt::format("MTA-STS: {}; DANE: {}", mta_sts.reason, dane.reason);
  const bool open = mta_sts.verdict == Verdict::Unknown || dane.verdict == Verdict::Unknown;
  return open ? unknown(std::move(reason)) : failed(std::move(reason));
}

Check needs_hosts(const Facts&) {
  return unknown("DNS does not show which hosts send; check your own");
}

Check needs_connection(const Facts&) { return unknown("only a connection to the hosts shows it"); }

Check needs_mail(const Facts&) { return unknown("only the messages themselves show it"); }

Check needs_organization(const Facts&) {
  return unknown("only the organization itself shows it; an auditor asks for its documents");
}

}  // namespace rampart::audit
