/// Evidence as a small JSON file.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/json_depth.h"
#include "reports/analysis/evidence.h"
#include "reports/parse/parse_values.h"

namespace rampart::reports {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kDmarcOutcomes = {"both", "dkim", "spf", "forwarded",
                                                            "fail"};

void add_names(Json& json, const char* key, const std::vector<Name>& names) {
  for (const Name& name : names) json[key].push_back(name.text());
}

/// Reads a list of names, none where the member is missing: older versions wrote no such list.
bool read_names(const Json& json, const char* key, std::vector<Name>& names) {
  if (!json.contains(key)) return true;
  for (const Json& one : json[key]) {
    const auto name = Name::parse(one.is_string() ? one.get<std::string>() : "");
    if (!name) return false;
    names.push_back(*name);
  }
  return true;
}

Json row_to_json(const EvidenceRow& row) {
  Json json;
  json["day"] = rampart::to_text(row.day);
  json["domain"] = row.policy_domain.text();
  json["from"] = row.header_from.text();
  json["reporter"] = row.reporter;
  json["source"] = row.source;
  json["fate"] = kDmarcOutcomes[static_cast<std::size_t>(row.outcome)];
  // False and empty members are omitted: the file may have many thousand rows.
  if (row.marked) json["marked"] = true;
  if (!row.lacks.empty()) json["lacks"] = row.lacks;
  if (!row.selectors.empty()) json["selectors"] = row.selectors;
  add_names(json, "dkim_passed", row.passed->dkim);
  add_names(json, "spf_passed", row.passed->spf);
  if (row.selectors_reported) json["selectors_reported"] = true;
  json["p"] = dmarc::to_text(row.published.policy);
  if (row.published.pct) json["pct"] = *row.published.pct;
  if (row.published.testing) json["testing"] = *row.published.testing;
  json["messages"] = row.messages;
  return json;
}

/// Reads one row; false where a member is missing or has a wrong type. The member names are those
/// of the first version of the file, hence "fate" for the DMARC outcome.
bool read_row(const Json& json, std::int64_t version, std::vector<EvidenceRow>& rows) {
  const auto text = [&](const char* key) -> std::optional<std::string> {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  // Another type counts as false: the file may be written by hand, and nlohmann would throw.
  const auto is_true = [&](const char* key) {
    return json.contains(key) && json[key].is_boolean() && json[key].get<bool>();
  };
  const auto day = parse_date(text("day").value_or(""));
  const auto domain = Name::parse(text("domain").value_or(""));
  const auto from = Name::parse(text("from").value_or(""));
  const auto policy = dmarc::parse_policy(text("p").value_or(""));
  const auto outcome = std::ranges::find(kDmarcOutcomes, text("fate").value_or(""));
  const auto messages = json.find("messages");
  if (!day || !domain || !from || !policy || outcome == kDmarcOutcomes.end() || !text("reporter") ||
      !text("source") || messages == json.end() || !messages->is_number_integer()) {
    return false;
  }
  EvidenceRow row{.day = *day,
                  .policy_domain = *domain,
                  .header_from = *from,
                  .reporter = *text("reporter"),
                  .source = *text("source"),
                  .outcome = static_cast<DmarcOutcome>(outcome - kDmarcOutcomes.begin()),
                  .messages = messages->get<std::int64_t>()};
  // A negative count would lower the failures of others in a sum, and one that no report can have
  // would make sums overflow.
  if (row.messages < 0 || row.messages > kMostMessages) return false;
  row.published.policy = *policy;
  // Version 1 has no marks. Failing mail of a service is taken for marked there: that may hold a
  // step, and never opens a gate.
  row.marked = version == 1
                   ? row.outcome == DmarcOutcome::Fail && row.source.find(':') == row.source.npos
                   : is_true("marked");
  row.lacks = text("lacks").value_or("");
  if (json.contains("selectors")) {
    for (const Json& one : json["selectors"]) {
      if (!one.is_string()) return false;
      row.selectors.push_back(one.get<std::string>());
    }
  }
  PassedDomains passed;
  if (!read_names(json, "dkim_passed", passed.dkim) ||
      !read_names(json, "spf_passed", passed.spf)) {
    return false;
  }
  if (passed != PassedDomains()) row.passed = std::move(passed);
  row.selectors_reported = is_true("selectors_reported");
  if (json.contains("testing")) row.published.testing = is_true("testing");
  if (json.contains("pct") && json["pct"].is_number_integer()) {
    const auto pct = json["pct"].get<std::int64_t>();
    if (pct < 0 || pct > 100) return false;
    row.published.pct = static_cast<int>(pct);
  }
  rows.push_back(std::move(row));
  return true;
}

/// All messages of a file: far more than there are, and little enough that no sum overflows.
constexpr std::int64_t kMostEvidence = 1000 * kMostMessages;

/// Reads one member of "heard"; false where it is malformed.
bool read_heard(const Json& json, std::map<Name, HeardReporters>& heard) {
  const auto text = [&](const char* key) {
    const bool is_text = json.is_object() && json.contains(key) && json[key].is_string();
    return is_text ? json[key].get<std::string>() : std::string();
  };
  const auto domain = Name::parse(text("domain"));
  const auto since = parse_date(text("since"));
  const std::string reporter = text("reporter");
  if (!domain || !since || reporter.empty()) return false;
  heard[*domain][reporter] = *since;
  return true;
}

/// The elements of an array, one per line.
class JsonLines {
 public:
  explicit JsonLines(std::string& text) : text_(text) {}

  void add(const Json& element) {
    text_ += first_ ? "\n  " : ",\n  ";
    text_ += element.dump(-1, ' ', false, Json::error_handler_t::replace);
    first_ = false;
  }

 private:
  std::string& text_;
  bool first_ = true;
};

}  // namespace

std::string evidence_to_json(const Evidence& evidence) {
  // The brackets are written by hand, one row per line, so that a change of one row is one line in
  // a diff.
  std::string text =
      fmt::format("{{\"evidence_version\": 2,\n \"newest\": {},\n \"rows\": [",
                  evidence.newest ? fmt::format("\"{}\"", rampart::to_text(*evidence.newest))
                                  : std::string("null"));
  JsonLines rows(text);
  for (const EvidenceRow& row : evidence.rows) rows.add(row_to_json(row));
  text += "],\n \"heard\": [";
  JsonLines heard(text);
  for (const auto& [domain, reporters] : evidence.heard) {
    for (const auto& [reporter, day] : reporters) {
      heard.add(
          {{"domain", domain.text()}, {"reporter", reporter}, {"since", rampart::to_text(day)}});
    }
  }
  return text + "]}\n";
}

Result<Evidence> evidence_from_json(std::string_view text) {
  // Without exceptions: the file comes from outside, and errors are values here.
  const Json json = nests_too_deep(text) ? Json() : Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("evidence_version") || !json.contains("rows") ||
      !json["rows"].is_array()) {
    return Error{"this is not an evidence file of rampart"};
  }
  const auto& number_of_version = json["evidence_version"];
  const std::int64_t version =
      number_of_version.is_number_integer() ? number_of_version.get<std::int64_t>() : 0;
  if (version < 1 || version > 2) return Error{"this evidence was written by a newer rampart"};
  Evidence evidence;
  if (json.contains("newest") && json["newest"].is_string()) {
    evidence.newest = parse_time(json["newest"].get<std::string>());
    if (!evidence.newest) return Error{"newest is not a time"};
  }
  std::size_t number = 0;
  std::int64_t messages = 0;
  for (const Json& row : json["rows"]) {
    ++number;
    if (!row.is_object() || !read_row(row, version, evidence.rows)) {
      return Error{fmt::format("row {} of the evidence cannot be read", number)};
    }
    messages += evidence.rows.back().messages;
    if (messages > kMostEvidence) {
      return Error{fmt::format("the evidence counts more than {} messages", kMostEvidence)};
    }
  }
  // Files of older versions have no such member.
  if (json.contains("heard")) {
    if (!json["heard"].is_array()) return Error{"heard is not a list"};
    for (const Json& one : json["heard"]) {
      if (!read_heard(one, evidence.heard)) {
        return Error{"an element of heard in the evidence cannot be read"};
      }
    }
  }
  // Evidence is searched by domain and day, so the order may not depend on the file.
  std::ranges::stable_sort(evidence.rows, {}, [](const EvidenceRow& row) {
    return std::tie(row.policy_domain, row.day);
  });
  return evidence;
}

}  // namespace rampart::reports
