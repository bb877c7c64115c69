/// Exports records as rows for spreadsheets and programs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <ranges>

#include "base/csv.h"
#include "cli/views/json_parts.h"
#include "cli/views/reports.h"
#include "dns/txt.h"
#include "reports/parse/parse_values.h"

namespace rampart {
namespace {

/// What `print` makes of each item, with `separator` between them.
template <class Items, class Print>
std::string joined(const Items& items, std::string_view separator, Print print) {
  return fmt::format("{}", fmt::join(items | std::views::transform(print), separator));
}

// As in Authentication-Results: domain, selector, result, in one word that a spreadsheet can
// search.
std::string dkim_text(const reports::DkimAuth& one) {
  return fmt::format("{}/{}={}", one.domain, one.selector, to_text(one.result));
}

/// HELO results are marked, because they count for DMARC only where there is no MAIL FROM result.
std::string spf_text(const reports::SpfAuth& one) {
  return fmt::format("{}={}{}", one.domain, to_text(one.result), one.helo ? " (helo)" : "");
}

std::string reason_text(const reports::Override& one) {
  return one.type + (one.comment.empty() ? "" : ": " + one.comment);
}

/// Part of the interface, as the columns of the audit. The array of cells has its size, so a value
/// without a column does not compile.
constexpr std::array<std::string_view, 18> kExportColumns = {
    "domain",      "reporter",      "trust",       "org",         "report_id",    "begin",
    "end",         "source_ip",     "count",       "disposition", "dkim_aligned", "spf_aligned",
    "header_from", "envelope_from", "envelope_to", "dkim",        "spf",          "reasons"};

std::array<std::string, kExportColumns.size()> cells(const ExportRow& row) {
  const reports::Facts& facts = row.facts;
  const reports::RecordResults& results = facts.results;
  const bool verified = row.report.trust == reports::Trust::Verified;
  return {row.domain,
          row.report.reporter,
          verified ? "verified" : "asserted",
          row.report.org,
          row.report.id,
          to_text(row.report.begin),
          to_text(row.report.end),
          row.row.ip.text(),
          std::to_string(row.row.count),
          std::string(to_text(results.disposition)),
          facts.dkim_aligned ? "pass" : "fail",
          facts.spf_aligned ? "pass" : "fail",
          results.header_from,
          results.envelope_from,
          results.envelope_to,
          joined(results.dkim, " ", dkim_text),
          joined(results.spf, " ", spf_text),
          joined(results.overrides, "; ", reason_text)};
}

}  // namespace

std::string export_csv_head() { return fmt::format("{}\n", fmt::join(kExportColumns, ",")); }

std::string export_csv_row(const ExportRow& row) {
  // A CSV is also read on terminals.
  const auto cell = [](const std::string& text) { return csv_cell(text); };
  return joined(cells(row), ",", cell) + "\n";
}

// The same columns as CSV, with the count as a number: programs add it up.
std::string export_json_row(const ExportRow& row) {
  Json json;
  const auto texts = cells(row);
  for (std::size_t i = 0; i < texts.size(); ++i) json[std::string(kExportColumns[i])] = texts[i];
  json["count"] = row.row.count;
  return document_row(json);
}

}  // namespace rampart
