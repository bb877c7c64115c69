/// What a fold sums up, and the rows of evidence that it becomes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policies/model/evidence.h"
#include "reports/analysis/mail_scan.h"

namespace rampart::reports {

/// What evidence carries of a row, apart from its author domain; one number each, so that rows of
/// equal shape are added up without comparing texts.
struct EvidenceShape {
  std::string source;
  DmarcOutcome outcome = DmarcOutcome::Fail;
  bool marked = false;
  std::string lacks;
  std::vector<std::string> selectors;
  SharedDomains passed = {};

  auto operator<=>(const EvidenceShape&) const = default;
};

/// The messages of a day and kind of report.
struct DaySum {
  Date day;
  std::uint32_t report_kind = 0;  ///< In MailScan::report_kinds.
  std::uint32_t number = 0;       ///< In EvidenceSums::numbers.
  std::int64_t messages = 0;
};

/// All sums of one domain; several may be about the same day, kind of report and number.
struct EvidenceSums {
  std::vector<DaySum> days;
  /// Shapes, not owned, with their author domains in MailScan::authors.
  std::vector<std::pair<const EvidenceShape*, std::uint32_t>> numbers;
};

/// Appends the rows, each once, in the order of Evidence::rows.
void append_rows(const Name& policy_domain, const MailScan& scan, EvidenceSums sums,
                 std::vector<EvidenceRow>& out);

}  // namespace rampart::reports
