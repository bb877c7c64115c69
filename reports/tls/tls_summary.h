/// Sums of SMTP TLS reports about one domain.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "reports/tls/tls_report.h"

namespace rampart::reports {

/// Sessions by their outcome.
struct TlsSessions {
  std::int64_t successes = 0;
  std::int64_t failures = 0;
};

/// Every failure of one kind at one MX.
struct TlsProblem {
  std::string result_type;
  std::string receiving_mx;  ///< Empty where no reporter named it.
  std::int64_t sessions = 0;
  std::set<std::string> reporters;
  std::set<std::string> sending_ips;  ///< Up to kMostTlsExamples, as all the examples here.
  std::set<std::string> reasons;
  Date first;
  Date last;
  std::string action;  ///< What to do about it.
};

/// How many addresses and reasons of a problem are kept: reporters choose their number.
constexpr std::size_t kMostTlsExamples = 20;

/// What the reports say of one domain.
struct TlsSummary {
  std::string domain;
  std::optional<Date> since;
  std::optional<Date> until;
  std::int64_t reports = 0;
  std::int64_t verified_reports = 0;
  TlsSessions sessions;
  std::set<std::string> reporters;
  std::map<std::string, TlsSessions> policies;  ///< By policy type.
  std::vector<TlsProblem> problems;             ///< Most sessions first.
};

/// Sums up entries in any order.
class TlsSummer {
 public:
  explicit TlsSummer(std::string domain) { summary_.domain = std::move(domain); }

  void add(const TlsEntry& entry);
  TlsSummary finish();

 private:
  TlsSummary summary_;
  std::set<std::int64_t> reports_;
  std::map<std::pair<std::string, std::string>, TlsProblem> problems_;
};

}  // namespace rampart::reports
