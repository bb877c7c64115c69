/// Outcomes of ingest and fetch as text and JSON.
#include <fmt/format.h>

#include "base/counted.h"
#include "cli/views/json_parts.h"
#include "cli/views/reports.h"
#include "dns/txt.h"

namespace rampart {

// Refused files last, as they are what a person has to look at.
std::string ingested_text(const reports::Ingested& outcome) {
  const std::string vouched =
      outcome.vouched > 0 ? fmt::format(", {} of them by --trusted alone", outcome.vouched) : "";
  std::string text = fmt::format(
      "{}: {} ({} verified{}), {} known already, {}, {}.\n", counted(outcome.files, "file"),
      counted(outcome.reports, "new report"), outcome.verified, vouched, outcome.duplicates,
      counted(outcome.records, "record"), counted(outcome.messages, "message"));
  // Only where there are any: most mailboxes have aggregate reports alone.
  if (outcome.tls_reports + outcome.failure_reports > 0) {
    text += fmt::format("{}, {}.\n", counted(outcome.tls_reports, "new TLS report"),
                        counted(outcome.failure_reports, "new failure report"));
  }
  // Remarks are about reports that were stored, so they come before the files that were not.
  if (!outcome.remarks.empty()) {
    text += fmt::format("{} set aside or read only in part:\n",
                        counted(outcome.remarks.size(), "report"));
  }
  for (const reports::Remark& one : outcome.remarks) {
    // File names come from archives and mails, which outsiders make.
    text += fmt::format("  {}: {}\n", printable(one.file), printable(one.text));
  }
  if (!outcome.refused.empty()) text += fmt::format("{} refused:\n", outcome.refused.size());
  for (const reports::Refused& one : outcome.refused) {
    text += fmt::format("  {}: {}\n", printable(one.file), printable(one.error));
  }
  if (outcome.unlisted > 0) text += fmt::format("  and {} more\n", outcome.unlisted);
  return text;
}

namespace {

/// An object and no document, because `reports fetch` adds members of its own to it.
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
          {"verified_by_flag", outcome.vouched},
          {"records", outcome.records},
          {"messages", outcome.messages},
          {"tls_reports", outcome.tls_reports},
          {"failure_reports", outcome.failure_reports},
          {"skipped_records", outcome.skipped_records},
          {"set_aside", outcome.set_aside},
          {"remarks", array_of(outcome.remarks, remark_json)},
          {"refused", array_of(outcome.refused, refused_json)},
          {"unlisted", outcome.unlisted}};
}

}  // namespace

std::string ingested_json(const reports::Ingested& outcome) {
  return document(ingested_object(outcome));
}

/// Other kinds of reports are named only if something was removed: they are removed and not summed
/// up.
std::string pruned_text(Date before, const reports::Pruned& pruned) {
  std::string text = fmt::format("{} of days before {} replaced by daily sums.\n",
                                 counted(pruned.records, "record"), to_text(before));
  if (pruned.tls_policies + pruned.failure_reports > 0) {
    text += fmt::format("{} of TLS policies and {} removed.\n", counted(pruned.tls_policies, "sum"),
                        counted(pruned.failure_reports, "failure report"));
  }
  return text;
}

std::string pruned_json(Date before, const reports::Pruned& pruned) {
  return document_row({{"before", to_text(before)},
                       {"records", pruned.records},
                       {"tls_policies", pruned.tls_policies},
                       {"failure_reports", pruned.failure_reports}}) +
         "\n";
}

std::string fetched_text(const reports::Fetched& outcome) {
  return fmt::format("{}: {} marked, {} moved.\n", counted(outcome.ingested.files, "mail"),
                     outcome.marked, outcome.moved) +
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
