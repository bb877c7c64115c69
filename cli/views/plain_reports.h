/// Output of `reports tls` and `reports failures`.
#pragma once

#include <string>
#include <vector>

#include "reports/failures/failure_summary.h"
#include "reports/tls/tls_summary.h"

namespace rampart {

/// One summary is the document itself; several are {"domains": [...]}, as for `reports summary`.
std::string tls_json(const std::vector<reports::TlsSummary>& summaries);
std::string tls_text(const std::vector<reports::TlsSummary>& summaries);

/// As for TLS reports.
std::string failures_json(const std::vector<reports::FailureSummary>& summaries);
std::string failures_text(const std::vector<reports::FailureSummary>& summaries);

}  // namespace rampart
