/// Exports records as rows for spreadsheets and programs.
#include <fmt/format.h>

#include <array>

#include "base/csv.h"
#include "cli/views/json_parts.h"
#include "cli/views/reports.h"
#include "reports/parse/parse_values.h"

namespace rampart {
namespace {

std::string dkim_text(const reports::RecordResults& results) {
  std::string text;
  for (const reports::DkimAuth& one : results.dkim) {
    text += fmt::format("{}{}/{}={}", text.empty() ? "" : " ", one.domain, one.selector,
                        to_text(one.result));
  }
  return text;
}

std::string spf_text(const reports::RecordResults& results) {
  std::string text;
  for (const reports::SpfAuth& one : results.spf) {
    text += fmt::format("{}{}={}{}", text.empty() ? "" : " ", one.domain, to_text(one.result),
                        one.helo ? " (helo)" : "");
  }
  return text;
}

std::string reasons_text(const reports::RecordResults& results) {
  std::string text;
  for (const reports::Override& one : results.overrides) {
    text += fmt::format("{}{}{}", text.empty() ? "" : "; ", one.type,
                        one.comment.empty() ? "" : ": " + one.comment);
  }
  return text;
}

constexpr std::array<std::string_view, 18> kExportColumns = {
    "domain",      "org",           "reporter",    "trust",       "report_id",    "begin",
    "end",         "source_ip",     "count",       "disposition", "dkim_aligned", "spf_aligned",
    "header_from", "envelope_from", "envelope_to", "dkim",        "spf",          "reasons"};

std::array<std::string, kExportColumns.size()> cells(const ExportRow& row) {
  const reports::Facts& facts = row.facts;
  const reports::RecordResults& results = facts.results;
  const bool verified = row.report.trust == reports::Trust::Verified;
  return {row.domain,
          row.report.org,
          row.report.reporter,
          verified ? "verified" : "asserted",
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
          dkim_text(results),
          spf_text(results),
          reasons_text(results)};
}

}  // namespace

std::string export_csv_head() {
  std::string text;
  for (const std::string_view column : kExportColumns) {
    text += text.empty() ? "" : ",";
    text += column;
  }
  return text + "\n";
}

std::string export_csv_row(const ExportRow& row) {
  std::string text;
  bool first = true;
  for (const std::string& one : cells(row)) {
    if (!first) text += ',';
    text += csv_cell(one);
    first = false;
  }
  return text + "\n";
}

std::string export_json_row(const ExportRow& row) {
  Json json;
  const auto texts = cells(row);
  for (std::size_t i = 0; i < texts.size(); ++i) json[std::string(kExportColumns[i])] = texts[i];
  json["count"] = row.row.count;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rampart
