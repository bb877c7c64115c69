/// Sorts sums, and writes them as rows of evidence.
#include "reports/analysis/evidence_rows.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "reports/analysis/largest_names.h"

namespace rampart::reports {

/// The sums are sorted by numbers in the order of their texts: there may be hundreds of thousands.
void append_rows(const Name& policy_domain, const MailScan& scan, EvidenceSums sums,
                 std::vector<EvidenceRow>& out) {
  const auto& kinds = scan.report_kinds();
  const auto reporter_rank = ranks_of(kinds.size(), [&](std::uint32_t a, std::uint32_t b) {
    return kinds[a].reporter < kinds[b].reporter;
  });
  // Ranks replace texts: a sort by numbers does not compare names and selectors in each step.
  const auto published_rank = ranks_of(kinds.size(), [&](std::uint32_t a, std::uint32_t b) {
    const auto key = [](const Published& one) {
      return std::tie(one.policy, one.pct, one.testing);
    };
    return key(kinds[a].published) < key(kinds[b].published);
  });
  const auto source_rank = ranks_of(sums.numbers.size(), [&](std::uint32_t a, std::uint32_t b) {
    const auto key = [&](const std::pair<const EvidenceShape*, std::uint32_t>& one) {
      const EvidenceShape& shape = *one.first;
      return std::tie(shape.source, scan.authors()[one.second], shape.outcome, shape.marked,
                      shape.lacks, shape.selectors, shape.passed);
    };
    return key(sums.numbers[a]) < key(sums.numbers[b]);
  });
  const auto key = [&](const DaySum& one) {
    return std::tuple(one.day, reporter_rank[one.report_kind], source_rank[one.number],
                      published_rank[one.report_kind]);
  };
  std::ranges::sort(sums.days, {}, key);
  // Only now is it known which reporters state selectors at all: the absence of a selector in
  // the reports of any other reporter is not evidence that it is unused.
  std::set<std::string> states_selectors;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (scan.states_selectors()[i]) states_selectors.insert(kinds[i].reporter);
  }
  // Rows are large, so that they are moved seldom; at least doubled, for stores of many domains.
  const std::size_t most = out.size() + sums.days.size();
  if (most > out.capacity()) out.reserve(std::max(most, 2 * out.capacity()));
  for (std::size_t i = 0; i < sums.days.size(); ++i) {
    const DaySum& sum = sums.days[i];
    if (i > 0 && key(sums.days[i - 1]) == key(sum)) {
      out.back().messages += sum.messages;
      continue;
    }
    const ReportKind& report = kinds[sum.report_kind];
    const auto& [shape_at, author] = sums.numbers[sum.number];
    const EvidenceShape& shape = *shape_at;
    out.push_back({.day = sum.day,
                   .policy_domain = policy_domain,
                   .header_from = scan.authors()[author],
                   .reporter = report.reporter,
                   .source = shape.source,
                   .outcome = shape.outcome,
                   .marked = shape.marked,
                   .lacks = shape.lacks,
                   .passed = shape.passed,
                   .selectors = shape.selectors,
                   .selectors_reported = states_selectors.contains(report.reporter),
                   .published = report.published,
                   .messages = sum.messages});
  }
}

}  // namespace rampart::reports
