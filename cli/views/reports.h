/// How the commands about reports print: text for people, JSON as the contract has it, and the
/// forms that other programs read.
#pragma once

#include <string>
#include <vector>

#include "reports/analysis/analysis.h"
#include "reports/mailbox/fetch.h"

namespace rampart {

std::string ingested_text(const reports::Ingested& outcome);
std::string ingested_json(const reports::Ingested& outcome);

/// As the two above, with what became of the mails themselves.
std::string fetched_text(const reports::Fetched& outcome);
std::string fetched_json(const reports::Fetched& outcome);

/// One summary is an object of its own; several are {"domains": [...]}.
std::string summaries_json(const std::vector<reports::Summary>& summaries);
std::string summary_text(const reports::Summary& summary);

/// Sources alone, each with what to do about it.
std::string sources_text(const reports::Summary& summary);

/// An address from which nobody's mail came.
struct Threat {
  std::string domain;
  spf::Ip ip;
  std::string host;
  std::int64_t messages = 0;
  Date first;
  Date last;
};
std::vector<Threat> threats_in(const reports::Analysis& analysis);
std::string threats_csv(const std::vector<Threat>& threats);
std::string threats_text(const std::vector<Threat>& threats);
/// A STIX 2.1 bundle of indicators; equal threats make equal bytes.
std::string threats_stix(const std::vector<Threat>& threats);

/// One record with its report, for `export`.
struct ExportRow {
  std::string domain;
  reports::StoredReport report;
  reports::StoredRow row;
  reports::Facts facts;
};
std::string export_csv_head();
std::string export_csv_row(const ExportRow& row);
std::string export_json_row(const ExportRow& row);

}  // namespace rampart
