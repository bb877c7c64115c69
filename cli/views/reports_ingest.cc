/// Outcomes of ingest and fetch as text and JSON.
#include <fmt/format.h>

#include "cli/views/json_parts.h"
#include "cli/views/reports.h"
#include "dns/txt.h"

namespace rampart {

// Refused files last, as they are what a person has to look at.
std::string ingested_text(const reports::Ingested& outcome) {
  std::string text = fmt::format(
      "{} files: {} new reports ({} verified), {} known already, {} records, {} messages.\n",
      outcome.files, outcome.reports, outcome.verified, outcome.duplicates, outcome.records,
      outcome.messages);
  if (!outcome.remarks.empty()) {
    text += fmt::format("{} set aside, or read in part:\n", outcome.remarks.size());
  }
  for (const reports::Remark& one : outcome.remarks) {
    text += fmt::format("  {}: {}\n", printable(one.file), printable(one.text));
  }
  if (!outcome.refused.empty()) text += fmt::format("{} refused:\n", outcome.refused.size());
  for (const reports::Refused& one : outcome.refused) {
    text += fmt::format("  {}: {}\n", printable(one.file), printable(one.error));
  }
  return text;
}

namespace {

Json ingested_object(const reports::Ingested& outcome) {
  const auto refused_json = [](const reports::Refused& one) {
    return Json{{"file", one.file}, {"error", one.error}};
  };
  const auto remark_json = [](const reports::Remark& one) {
    return Json{{"file", one.file}, {"text", one.text}};
  };
  return {{"files", outcome.files},
          {"reports", outcome.reports},
          {"duplicates", outcome.duplicates},
          {"verified", outcome.verified},
          {"records", outcome.records},
          {"messages", outcome.messages},
          {"skipped_records", outcome.skipped_records},
          {"set_aside", outcome.set_aside},
          {"remarks", array_of(outcome.remarks, remark_json)},
          {"refused", array_of(outcome.refused, refused_json)}};
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

// The members of ingest stay, so that one reader handles both commands.
std::string fetched_json(const reports::Fetched& outcome) {
  Json json = ingested_object(outcome.ingested);
  json.update(Json{
      {"marked", outcome.marked}, {"moved", outcome.moved}, {"reconnects", outcome.reconnects}});
  return document(json);
}

}  // namespace rampart
