/// SMTP TLS reports and failure reports on their way into the store.
#pragma once

#include <vector>

#include "reports/input/unpack.h"
#include "reports/store/store.h"
#include "reports/trust.h"

namespace rampart::reports {

/// What a transaction added.
struct PlainCounts {
  std::int64_t tls_reports = 0;
  std::int64_t failure_reports = 0;
  std::int64_t duplicates = 0;
};

/// Reports that wait for the next transaction.
class PlainReports {
 public:
  void add(TlsReport report, const Carrier& carrier);
  void add(FailureReport report, const Carrier& carrier);
  std::size_t size() const { return tls_.size() + failures_.size(); }
  void clear();

  /// The senders to evaluate; valid until the next `add` or `clear`.
  std::vector<TrustQuestion> questions();
  /// Within a transaction, after the senders were evaluated: adds all reports to the store.
  Result<PlainCounts> write(Store& store, Date today);

 private:
  template <class Report>
  struct Pending {
    Report report;
    Carrier carrier;
    Header claim;
    ReportSender sender;
  };

  std::vector<Pending<TlsReport>> tls_;
  std::vector<Pending<FailureReport>> failures_;
};

}  // namespace rampart::reports
