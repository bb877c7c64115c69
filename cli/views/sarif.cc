/// Findings as SARIF 2.1.0, for code scanning.
#include <set>

#include "cli/views/findings_page.h"
#include "cli/views/json_documents.h"
#include "cli/views/json_parts.h"
#include "policies/model/codes.h"

namespace rampart {
namespace {

Json rules_json(const std::vector<Finding>& findings) {
  std::set<std::string> codes;
  for (const Finding& one : findings) codes.insert(one.code);
  Json rules = Json::array();
  for (const std::string& code : codes) {
    const Code* known = find_code(code);
    const std::string meaning = known ? std::string(known->meaning) : code;
    Json rule = {{"id", code}, {"shortDescription", {{"text", meaning}}}};
    if (const std::string help = finding_explained(code); !help.empty()) {
      rule["help"] = {{"text", help}, {"markdown", help}};
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "error";
    case Severity::Warning:
      return "warning";
    case Severity::Info:
      return "note";
  }
  return "none";
}

/// SARIF 2.1.0 section 3.28: a place in a file (lines and columns count from 1), or else the name
/// of what is meant.
Json location_of(const Finding& finding) {
  Json location = Json::object();
  const Mark& mark = finding.mark;
  if (!mark.file.empty()) {
    Json place = {{"artifactLocation", {{"uri", mark.file}}}};
    if (mark.line > 0) place["region"] = {{"startLine", mark.line}};
    if (mark.line > 0 && mark.column > 0) place["region"]["startColumn"] = mark.column;
    location["physicalLocation"] = std::move(place);
  }
  if (finding.domain) {
    location["logicalLocations"] =
        Json::array({Json{{"fullyQualifiedName", finding.domain->text()}, {"kind", "resource"}}});
  }
  return location;
}

/// SARIF 2.1.0 section 3.27: one result.
Json result_of(const Finding& finding) {
  const std::string hint = finding.hint.empty() ? "" : " (" + finding.hint + ")";
  Json result = {{"ruleId", finding.code},
                 {"level", level_of(finding.severity)},
                 {"message", {{"text", finding.message + hint}}}};
  Json location = location_of(finding);
  if (!location.empty()) result["locations"] = Json::array({std::move(location)});
  return result;
}

}  // namespace

std::string sarif_of_findings(const std::vector<Finding>& findings, const std::string& version) {
  Json results = Json::array();
  for (const Finding& one : findings) results.push_back(result_of(one));
  const Json driver = {{"name", "rampart"}, {"version", version}, {"rules", rules_json(findings)}};
  const Json run = {{"tool", {{"driver", driver}}}, {"results", results}};
  const Json document = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                         {"version", "2.1.0"},
                         {"runs", Json::array({run})}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string sarif(const std::vector<ConfigError>& errors, const std::string& version) {
  std::vector<Finding> findings;
  for (const ConfigError& error : errors) {
    findings.push_back({.severity = Severity::Error,
                        .code = error.code,
                        .domain = std::nullopt,
                        .message = error.message,
                        .hint = error.hint,
                        .mark = {error.file, error.line, error.column},
                        .withholds = {}});
  }
  return sarif_of_findings(findings, version);
}

}  // namespace rampart
