/// SMTP TLS reports (RFC 8460): whether other servers could deliver to a domain over TLS, and why
/// not. Texts are as the reporter wrote them, control characters removed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "base/result.h"

namespace rampart::reports {

/// Sessions that failed for one reason (RFC 8460 section 4.4, failure-details).
struct TlsFailure {
  std::string result_type;   ///< "certificate-expired", ... in lower case (section 4.3).
  std::string sending_ip;    ///< Of the server that tried to deliver.
  std::string receiving_mx;  ///< The MX that it tried, in lower case.
  std::string receiving_ip;
  std::string reason;  ///< failure-reason-code, else additional-information.
  std::int64_t sessions = 0;

  bool operator==(const TlsFailure&) const = default;
};

/// The sessions under one policy.
struct TlsPolicy {
  std::string type;  ///< "sts", "tlsa" or "no-policy-found", in lower case.
  std::string domain;
  std::vector<std::string> lines;     ///< The policy as the reporter applied it.
  std::vector<std::string> mx_hosts;  ///< What the policy says of the MX.
  std::int64_t successes = 0;
  std::int64_t failures = 0;
  std::vector<TlsFailure> details;

  bool operator==(const TlsPolicy&) const = default;
};

/// One report; it has a policy or more.
struct TlsReport {
  std::string org;
  std::string contact;
  std::string id;
  Time begin;
  Time end;
  std::vector<TlsPolicy> policies;

  bool operator==(const TlsReport&) const = default;
};

/// The most octets of a report, policies in it, and failure details of a policy: beyond them it is
/// refused, so that no report needs much memory.
constexpr std::uint64_t kMostTlsOctets = 4 << 20;
constexpr std::size_t kMostTlsPolicies = 1000;
constexpr std::size_t kMostTlsDetails = 10'000;

/// Reads a report from JSON. Missing counts are 0, counts as text are read; a report without an id,
/// a reporter, dates or a policy, one with a count that is none, and one whose counts add up to
/// more than kMostMessages, is an Error.
Result<TlsReport> read_tls_report(std::string_view json);

/// 16 octets, equal for copies of one report.
std::string identity_of(const TlsReport& report);

/// The sessions under one policy on one day, as a store keeps them.
struct TlsEntry {
  Date day;  ///< The first of the report.
  std::int64_t report = 0;
  std::string reporter;
  bool verified = false;  ///< The report's sender is proved by DKIM.
  TlsPolicy policy;
};

}  // namespace rampart::reports
