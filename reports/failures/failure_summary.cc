/// Sums of failure reports.
#include "reports/failures/failure_summary.h"

#include <algorithm>

#include "base/examples.h"

namespace rampart::reports {
namespace {

void count(Incidents& incidents, const std::string& keyword, std::int64_t more) {
  incidents[keyword.empty() ? "unknown" : keyword] += more;
}

}  // namespace

void FailureSummer::add(const FailureEntry& entry) {
  const FailureReport& report = entry.report;
  summary_.since = std::min(summary_.since.value_or(entry.day), entry.day);
  summary_.until = std::max(summary_.until.value_or(entry.day), entry.day);
  ++summary_.reports;
  summary_.verified_reports += entry.verified ? 1 : 0;
  summary_.incidents += report.incidents;
  summary_.reporters.insert(entry.reporter);
  count(summary_.auth_failures, report.auth_failure, report.incidents);

  // By address, also where it is absent: reporters that hide it give one row.
  const auto [at, added] = sources_.try_emplace(report.source);
  FailureSource& source = at->second;
  if (added) source.first = source.last = entry.day;
  source.source = report.source;
  source.incidents += report.incidents;
  count(source.auth_failures, report.auth_failure, report.incidents);
  count(source.delivery_results, report.delivery_result, report.incidents);
  source.reporters.insert(entry.reporter);
  add_example(source.from, report.from, kMostFailureExamples);
  if (const auto domain = report.mail_from.rfind('@'); domain != std::string::npos) {
    add_example(source.envelope_domains, report.mail_from.substr(domain + 1), kMostFailureExamples);
  }
  // As the name of the key's record, which is what a reader looks up next.
  if (!report.dkim_domain.empty()) {
    add_example(source.dkim, report.dkim_selector + "._domainkey." + report.dkim_domain,
                kMostFailureExamples);
  }
  source.first = std::min(source.first, entry.day);
  source.last = std::max(source.last, entry.day);
}

FailureSummary FailureSummer::finish() {
  for (auto& [ip, source] : sources_) summary_.sources.push_back(std::move(source));
  std::ranges::stable_sort(summary_.sources, std::ranges::greater{}, &FailureSource::incidents);
  return std::move(summary_);
}

}  // namespace rampart::reports
