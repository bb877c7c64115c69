/// Outcomes of ingest and fetch as text and JSON.
#include <fmt/format.h>

#include "cli/views/json_parts.h"
#include "cli/views/reports.h"

namespace rampart {

std::string ingested_text(const reports::Ingested& outcome) {
  std::string text = fmt::format(
      "{} files: {} new reports ({} verified), {} known already, {} records, {} messages.\n",
      outcome.files, outcome.reports, outcome.verified, outcome.duplicates, outcome.records,
      outcome.messages);
  if (!outcome.refused.empty()) text += fmt::format("{} refused:\n", outcome.refused.size());
  for (const reports::Refused& one : outcome.refused) {
    text += fmt::format("  {}: {}\n", one.file, one.error);
  }
  return text;
}

namespace {

Json ingested_object(const reports::Ingested& outcome) {
  Json json;
  json["files"] = outcome.files;
  json["reports"] = outcome.reports;
  json["duplicates"] = outcome.duplicates;
  json["verified"] = outcome.verified;
  json["records"] = outcome.records;
  json["messages"] = outcome.messages;
  json["refused"] = Json::array();
  for (const reports::Refused& one : outcome.refused) {
    json["refused"].push_back({{"file", one.file}, {"error", one.error}});
  }
  return json;
}

}  // namespace

std::string ingested_json(const reports::Ingested& outcome) {
  return document(ingested_object(outcome));
}

std::string fetched_text(const reports::Fetched& outcome) {
  return fmt::format("{} mails: {} marked, {} moved.\n", outcome.ingested.files, outcome.marked,
                     outcome.moved) +
         ingested_text(outcome.ingested);
}

std::string fetched_json(const reports::Fetched& outcome) {
  Json json = ingested_object(outcome.ingested);
  json["marked"] = outcome.marked;
  json["moved"] = outcome.moved;
  json["reconnects"] = outcome.reconnects;
  return document(json);
}

}  // namespace rampart
