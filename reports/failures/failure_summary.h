/// Sums of failure reports about one domain.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "reports/failures/failure_report.h"

namespace rampart::reports {

/// Mails by a keyword of their reports: {"dmarc": 3}.
using Incidents = std::map<std::string, std::int64_t>;

/// The failing mail of one address.
struct FailureSource {
  std::optional<spf::Ip> source;  ///< Nothing where the reports name none.
  std::int64_t incidents = 0;
  Incidents auth_failures;
  Incidents delivery_results;
  std::set<std::string> reporters;
  std::set<std::string> from;              ///< Authors; up to kMostFailureExamples, as the next.
  std::set<std::string> envelope_domains;  ///< Of the envelope's sender.
  std::set<std::string> dkim;              ///< "selector._domainkey.domain" that failed.
  Date first;
  Date last;
};

/// How many examples of a source are kept: outsiders choose their number.
constexpr std::size_t kMostFailureExamples = 20;

/// What the reports say of one domain.
struct FailureSummary {
  std::string domain;
  std::optional<Date> since;
  std::optional<Date> until;
  std::int64_t reports = 0;
  std::int64_t verified_reports = 0;
  std::int64_t incidents = 0;
  std::set<std::string> reporters;
  Incidents auth_failures;
  std::vector<FailureSource> sources;  ///< Most incidents first.
};

/// Sums up entries in any order.
class FailureSummer {
 public:
  explicit FailureSummer(std::string domain) { summary_.domain = std::move(domain); }

  void add(const FailureEntry& entry);
  FailureSummary finish();

 private:
  FailureSummary summary_;
  std::map<std::optional<spf::Ip>, FailureSource> sources_;
};

}  // namespace rampart::reports
