/// Sums of SMTP TLS reports, and what to do about each kind of failure (RFC 8460 section 4.3).
#include "reports/tls/tls_summary.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/examples.h"

namespace rampart::reports {
namespace {

/// The remedies are for the owner of the receiving domain, who reads the report: RFC 8460 reports
/// are about mail to the domain, not from it.
struct Remedy {
  std::string_view result_type;
  std::string_view action;
};

constexpr std::array kRemedies = {
    Remedy{"starttls-not-supported", "enable STARTTLS on this MX for every sender"},
    Remedy{"certificate-host-mismatch", "install a certificate that names this MX"},
    Remedy{"certificate-expired", "renew this MX's certificate"},
    Remedy{"certificate-not-trusted",
           "install a certificate of a public authority, with its intermediate certificates"},
    Remedy{"validation-failure", "check this MX's certificate and protocol versions"},
    Remedy{"tlsa-invalid", "publish TLSA records that match this MX's certificate"},
    Remedy{"dnssec-invalid", "repair DNSSEC of the MX's zone"},
    Remedy{"dane-required", "publish TLSA records in a signed zone for this MX"},
    Remedy{"sts-policy-fetch-error",
           "make https://mta-sts.<domain>/.well-known/mta-sts.txt "
           "reachable from everywhere"},
    Remedy{"sts-policy-invalid", "correct the MTA-STS policy file"},
    Remedy{"sts-webpki-invalid", "renew or correct the certificate of mta-sts.<domain>"},
};

std::string action_for(const std::string& result_type, const std::string& domain) {
  const auto known = std::ranges::find(kRemedies, result_type, &Remedy::result_type);
  // Further result types may be registered (RFC 8460 section 6).
  if (known == kRemedies.end()) return "see the reporter's reason";
  std::string action(known->action);
  constexpr std::string_view kDomain = "<domain>";
  const auto at = action.find(kDomain);
  return at == action.npos ? action : action.replace(at, kDomain.size(), domain);
}

/// Adds sessions, at most up to the largest number. A store of an earlier version may hold reports
/// with absurd counts, and a wrapped sum would be negative.
void add_sessions(std::int64_t& sum, std::int64_t more) {
  if (__builtin_add_overflow(sum, more, &sum)) sum = std::numeric_limits<std::int64_t>::max();
}

}  // namespace

void TlsSummer::add(const TlsEntry& entry) {
  const TlsPolicy& policy = entry.policy;
  summary_.since = std::min(summary_.since.value_or(entry.day), entry.day);
  summary_.until = std::max(summary_.until.value_or(entry.day), entry.day);
  // An entry is one policy. A report has several, and must count once.
  if (reports_.insert(entry.report).second) {
    ++summary_.reports;
    summary_.verified_reports += entry.verified ? 1 : 0;
  }
  summary_.reporters.insert(entry.reporter);
  TlsSessions& of_type = summary_.policies[policy.type];
  for (TlsSessions* sessions : {&summary_.sessions, &of_type}) {
    add_sessions(sessions->successes, policy.successes);
    add_sessions(sessions->failures, policy.failures);
  }
  // Details are grouped by type and MX, which together decide what to do. Addresses and reasons are
  // examples only: there may be one per session.
  for (const TlsFailure& one : policy.details) {
    const auto [at, added] = problems_.try_emplace({one.result_type, one.receiving_mx});
    TlsProblem& problem = at->second;
    if (added) problem.first = problem.last = entry.day;
    add_sessions(problem.sessions, one.sessions);
    problem.reporters.insert(entry.reporter);
    add_example(problem.sending_ips, one.sending_ip, kMostTlsExamples);
    add_example(problem.reasons, one.reason, kMostTlsExamples);
    problem.first = std::min(problem.first, entry.day);
    problem.last = std::max(problem.last, entry.day);
  }
}

TlsSummary TlsSummer::finish() {
  for (auto& [key, problem] : problems_) {
    problem.result_type = key.first;
    problem.receiving_mx = key.second;
    problem.action = action_for(key.first, summary_.domain);
    summary_.problems.push_back(std::move(problem));
  }
  // Stable over the order of types, so that equal counts do not change places between runs.
  std::ranges::stable_sort(summary_.problems, std::ranges::greater{}, &TlsProblem::sessions);
  return std::move(summary_);
}

}  // namespace rampart::reports
