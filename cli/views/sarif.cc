/// Findings as SARIF 2.1.0, for code scanning.
#include <set>

#include "cli/views/json_documents.h"
#include "cli/views/json_parts.h"
#include "policies/model/codes.h"

namespace rampart {
namespace {

/// One rule per code that occurs, with its section of docs/findings.md as help.
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

/// SARIF 2.1.0 section 3.27.10: its lowest level is called "note".
std::string_view level_of(Severity severity) {
  return severity == Severity::Info ? "note" : to_text(severity);
}

/// SARIF 2.1.0 section 3.28: a region of a file (lines and columns count from 1), and the name of
/// the domain.
Json location_of(const Finding& finding) {
  Json location = Json::object();
  const Mark& mark = finding.mark;
  if (!mark.file.empty()) {
    Json physical = {{"artifactLocation", {{"uri", mark.file}}}};
    if (mark.line > 0) physical["region"] = {{"startLine", mark.line}};
    if (mark.line > 0 && mark.column > 0) physical["region"]["startColumn"] = mark.column;
    location["physicalLocation"] = std::move(physical);
  }
  if (finding.domain) {
    location["logicalLocations"] =
        Json::array({Json{{"fullyQualifiedName", finding.domain->text()}, {"kind", "resource"}}});
  }
  return location;
}

/// SARIF 2.1.0 section 3.27: one result.
/// SARIF has no member for hints, so the hint is part of the message.
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

// The schema and version are required by code scanning, which refuses a file without them.
std::string sarif_of_findings(const std::vector<Finding>& findings, const std::string& version) {
  const Json driver = {{"name", "rampart"}, {"version", version}, {"rules", rules_json(findings)}};
  const Json run = {{"tool", {{"driver", driver}}}, {"results", array_of(findings, result_of)}};
  return document({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                   {"version", "2.1.0"},
                   {"runs", Json::array({run})}});
}

/// Mistakes of the YAML become findings, so that code scanning shows both in one list.
std::string sarif(const std::vector<ConfigError>& errors, const std::string& version) {
  std::vector<Finding> findings;
  for (const ConfigError& error : errors) {
    findings.push_back({.severity = Severity::Error,
                        .code = error.code,
                        .message = error.message,
                        .hint = error.hint,
                        .mark = {error.file, error.line, error.column}});
  }
  return sarif_of_findings(findings, version);
}

}  // namespace rampart
