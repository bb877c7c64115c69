/// Output of the commands about reports: text for people, JSON as the contract defines it, and
/// formats of other programs.
#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "reports/analysis/summary.h"
#include "reports/mailbox/fetch.h"

namespace rampart {

/// The outcome of an ingest (contract section 4).
std::string ingested_text(const reports::Ingested& outcome);
std::string ingested_json(const reports::Ingested& outcome);

/// As the two above, with how many mails were marked and moved.
std::string fetched_text(const reports::Fetched& outcome);
std::string fetched_json(const reports::Fetched& outcome);

/// What a prune of the days before `before` removed.
std::string pruned_text(Date before, const reports::Pruned& pruned);
std::string pruned_json(Date before, const reports::Pruned& pruned);

/// How many sources text shows without --limit.
constexpr std::size_t kSourcesInText = 25;

/// One summary is the document itself; several are {"domains": [...]}. `limit` is the most sources
/// of each; what is cut is counted.
std::string summaries_json(const std::vector<reports::Summary>& summaries,
                           std::optional<std::size_t> limit);
/// A summary's totals, then its sources.
std::string summary_text(const reports::Summary& summary, std::optional<std::size_t> limit);

/// The sources alone, each with its action; all unmarked mail of unknown hosts is one line.
std::string sources_text(const reports::Summary& summary, std::optional<std::size_t> limit);

/// An address that sent unauthorized mail as a domain; a botnet has a million of them.
struct Threat {
  spf::Ip ip;
  reports::ShortDate first;
  reports::ShortDate last;
  std::int64_t messages = 0;
};
/// The threats of one domain, and how much failing mail is not among them because its address may
/// be a friend's.
struct ThreatList {
  std::string domain;
  std::vector<Threat> threats;           ///< Most messages first.
  std::map<spf::Ip, std::string> hosts;  ///< Of the few addresses that have one.
  std::int64_t omitted_messages = 0;
  std::int64_t omitted_addresses = 0;

  /// The host of one of its threats, or empty.
  std::string host_of(const Threat& threat) const;
};

/// The threats of an analysis. An address that may be a friend's is none: one whose mail is marked,
/// ignored or forwarded, that also passes, or that a lookup could still name.
ThreatList threats_in(const reports::Analysis& analysis);
/// How much is left out of all lists, as a sentence; empty where nothing is.
std::string omitted_text(const std::vector<ThreatList>& lists);
/// The lists of several domains. All three write as they go: a text of a million addresses needs
/// more memory than the addresses. CSV has no comments, so that what is left out is not in it.
void write_threats_csv(const std::vector<ThreatList>& lists, std::ostream& out);
void write_threats_text(const std::vector<ThreatList>& lists, std::ostream& out);
/// A STIX 2.1 bundle of indicators, and a note about what is left out; equal threats make equal
/// bytes. A note must refer to an object, so that there is none without an indicator.
void write_threats_stix(const std::vector<ThreatList>& lists, std::ostream& out);

/// One record with its report, for `export`.
struct ExportRow {
  std::string domain;
  reports::StoredReport report;
  reports::StoredRow row;
  reports::Facts facts;
};
/// The header line and one row as CSV; one row as a JSON object on one line.
std::string export_csv_head();
std::string export_csv_row(const ExportRow& row);
std::string export_json_row(const ExportRow& row);

}  // namespace rampart
