/// Audits as rows of CSV, and as SARIF.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <set>

#include "base/csv.h"
#include "cli/views/audit.h"
#include "cli/views/json_documents.h"

namespace rampart {
namespace {

// Part of the interface: scripts read columns by these names.
constexpr std::array<std::string_view, 20> kColumns = {
    "domain",  "score",        "errors",           "warnings",       "spf",
    "spf_all", "spf_lookups",  "spf_void_lookups", "dkim_selectors", "dkim_least_bits",
    "dmarc",   "dmarc_policy", "dmarc_at",         "dmarc_pct",      "rua",
    "mx",      "mta_sts",      "tls_rpt",          "profile",        "codes"};

// Only selectors with a usable key; revoked ones would look like signing ones in a spreadsheet.
std::string selectors_of_report(const audit::Report& report) {
  std::vector<std::string> selectors;
  for (const audit::KeyFacts& key : report.facts.dkim.keys) {
    if (key.state == audit::KeyState::Key) selectors.push_back(key.query.selector);
  }
  return fmt::format("{}", fmt::join(selectors, " "));
}

// Ed25519 keys are left out: their 256 bits are not comparable with RSA's.
std::string least_bits(const audit::Report& report) {
  int least = 0;
  for (const audit::KeyFacts& key : report.facts.dkim.keys) {
    if (key.state != audit::KeyState::Key || key.shape.algorithm != "rsa") continue;
    least = least == 0 ? key.shape.bits : std::min(least, key.shape.bits);
  }
  return least == 0 ? "" : std::to_string(least);
}

// The state's word where there are no hosts, so that an empty cell never means two things.
std::string mx_of(const audit::MxFacts& mx) {
  if (mx.null) return "null";
  if (mx.state != audit::State::Valid) return std::string(to_text(mx.state));
  return fmt::format("{}", fmt::join(audit::texts_of(mx.hosts), " "));
}

/// Other words than in the text: a column of CSV has the state's own word, which scripts compare.
std::string mta_sts_of(const audit::MtaStsFacts& mta_sts) {
  if (mta_sts.policy) return std::string(to_text(mta_sts.policy->mode));
  if (mta_sts.fetched) return "unreachable";
  return std::string(to_text(mta_sts.state));
}

// Words, since spreadsheets read a cell that begins with `-` or `+` as a formula.
std::string_view ending_word(spf::Qualifier ending) {
  if (ending == spf::Qualifier::Pass) return "pass";
  if (ending == spf::Qualifier::Neutral) return "neutral";
  return ending == spf::Qualifier::Fail ? "fail" : "softfail";
}

// Each code once and sorted: the cell can be filtered and compared.
std::string codes_of(const audit::Report& report) {
  std::set<std::string> codes;
  for (const Finding& one : report.findings) codes.insert(one.code);
  return fmt::format("{}", fmt::join(codes, " "));
}

std::string profile_of(const audit::Report& report, const audit::Profile* profile) {
  if (profile == nullptr) return "";
  const bool conforms = audit::conforms(report.rule_results);
  return fmt::format("{} {}", profile->name, conforms ? "pass" : "fail");
}

// The array has the size of the columns, so that a value without a column does not compile.
std::array<std::string, kColumns.size()> cells(const audit::Report& report,
                                               const audit::Profile* profile) {
  const audit::Facts& facts = report.facts;
  const dmarc::DiscoveredPolicy* discovered = facts.dmarc.discovered();
  // Without a usable record the counts are empty and not 0, which would look like a cheap record.
  const bool valid = facts.spf.state == audit::State::Valid;
  return {facts.subject.domain.text(),
          std::to_string(audit::score_of(report.parts)),
          std::to_string(count_of(report, Severity::Error)),
          std::to_string(count_of(report, Severity::Warning)),
          std::string(to_text(facts.spf.state)),
          std::string(facts.spf.ending ? ending_word(*facts.spf.ending) : ""),
          valid ? std::to_string(facts.spf.tree.lookups) : "",
          valid ? std::to_string(facts.spf.tree.void_lookups) : "",
          selectors_of_report(report),
          least_bits(report),
          std::string(to_text(facts.dmarc.state)),
          discovered == nullptr ? "" : std::string(dmarc::to_text(discovered->policy)),
          discovered == nullptr ? "" : discovered->at.text(),
          discovered == nullptr ? "" : std::to_string(facts.dmarc.record.pct.value_or(100)),
          fmt::format(
              "{}",
              fmt::join(facts.dmarc.rua | std::views::transform(&audit::ReportAddress::uri), " ")),
          mx_of(facts.mx),
          mta_sts_of(facts.mta_sts),
          std::string(to_text(facts.tls_rpt.state)),
          profile_of(report, profile),
          codes_of(report)};
}

}  // namespace

// RFC 4180 section 2: lines end in CRLF.
std::string audit_csv(const AuditView& view) {
  std::string text = fmt::format("{}\r\n", fmt::join(kColumns, ","));
  for (const audit::Report& report : view.reports) {
    const auto row = cells(report, view.profile);
    text += fmt::format("{}\r\n", fmt::join(row | std::views::transform(csv_cell), ","));
  }
  return text;
}

// One SARIF run for all domains: code scanning shows one list of rules.
std::string audit_sarif(const AuditView& view, const std::string& version) {
  std::vector<Finding> findings;
  for (const audit::Report& report : view.reports) {
    std::ranges::copy(report.findings, std::back_inserter(findings));
  }
  return sarif_of_findings(findings, version);
}

std::size_t count_of(const audit::Report& report, Severity severity) {
  return static_cast<std::size_t>(
      std::ranges::count(report.findings, severity, &Finding::severity));
}

bool has_errors(const audit::Report& report) { return count_of(report, Severity::Error) > 0; }

}  // namespace rampart
