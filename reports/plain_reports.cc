/// Collects SMTP TLS reports and failure reports, and writes them.
#include "reports/plain_reports.h"

#include "mail/message/message.h"

namespace rampart::reports {

void PlainReports::add(TlsReport report, const Carrier& carrier) {
  Header claim;
  // The claim has the form of an aggregate report's header, so that all kinds are checked by the
  // same rules.
  claim.email = report.contact;
  claim.org = report.org;
  tls_.push_back({std::move(report), carrier, std::move(claim), {}});
}

/// A failure report names no organisation: it is the one whose mail it is.
void PlainReports::add(FailureReport report, const Carrier& carrier) {
  Header claim;
  claim.org = report.reporting_mta.empty() ? "unknown" : report.reporting_mta;
  if (carrier) {
    const Result<Name> author = mail::author_domain(carrier->head);
    // Without a local part: only the domain is compared, and the address would be a person's.
    if (author) claim.email = "@" + author->text();
  }
  failures_.push_back({std::move(report), carrier, std::move(claim), {}});
}

void PlainReports::clear() {
  tls_.clear();
  failures_.clear();
}

std::vector<TrustQuestion> PlainReports::questions() {
  std::vector<TrustQuestion> questions;
  const auto ask = [&](auto& pending) {
    for (auto& one : pending) {
      // Pointers into the lists: the answers are written where `write` reads them, so nothing may
      // be added in between.
      questions.push_back({one.carrier.get(), &one.claim, &one.sender.trust, &one.sender.reporter});
    }
  };
  ask(tls_);
  ask(failures_);
  return questions;
}

Result<PlainCounts> PlainReports::write(Store& store, Date today) {
  PlainCounts counts;
  const auto count = [&](Added added, std::int64_t& kind) {
    ++(added == Added::New ? kind : counts.duplicates);
  };
  for (const auto& one : tls_) {
    TRY(const Added added, store.add(one.report, one.sender));
    count(added, counts.tls_reports);
  }
  for (const auto& one : failures_) {
    TRY(const Added added, store.add(one.report, one.sender, today));
    count(added, counts.failure_reports);
  }
  return counts;
}

}  // namespace rampart::reports
