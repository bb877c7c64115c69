/// Summaries of SMTP TLS reports and of failure reports as text and JSON.
#include "cli/views/plain_reports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/views/json_parts.h"
#include "dns/txt.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using reports::FailureSource;
using reports::FailureSummary;
using reports::Incidents;
using reports::TlsProblem;
using reports::TlsSessions;
using reports::TlsSummary;

/// The rows of a problem or an address that text shows; JSON has all.
constexpr std::size_t kMostRows = 20;

template <class Summary>
/// As for aggregate reports: most calls are for one domain, and its document is then the whole
/// output.
std::string one_or_many(const std::vector<Summary>& summaries, Json (*to_json)(const Summary&)) {
  if (summaries.size() == 1) return document(to_json(summaries.front()));
  return document({{"domains", array_of(summaries, to_json)}});
}

/// A function of its own, because totals and policies have the same two members.
Json sessions_json(const TlsSessions& sessions) {
  return {{"successful_sessions", sessions.successes}, {"failed_sessions", sessions.failures}};
}

Json problem_json(const TlsProblem& problem) {
  return {{"result_type", problem.result_type},
          // Reporters may omit the server. Null and not "", which would look like a host without a
          // name.
          {"receiving_mx", text_or_null(problem.receiving_mx)},
          {"failed_sessions", problem.sessions},
          {"reporters", problem.reporters},
          {"sending_ips", problem.sending_ips},
          {"reasons", problem.reasons},
          {"first_seen", to_text(problem.first)},
          {"last_seen", to_text(problem.last)},
          {"action", problem.action}};
}

/// The share of sessions that succeeded, or nothing where there was none.
std::optional<double> success_rate(const TlsSessions& sessions) {
  // Added as floating point: reporters write the counts, and a sum of integers could overflow.
  const double all =
      static_cast<double>(sessions.successes) + static_cast<double>(sessions.failures);
  if (all == 0) return std::nullopt;
  return static_cast<double>(sessions.successes) / all;
}

Json tls_summary_json(const TlsSummary& summary) {
  Json json = {{"domain", summary.domain},
               {"since", date_json(summary.since)},
               {"until", date_json(summary.until)},
               {"reports", summary.reports},
               {"verified_reports", summary.verified_reports},
               {"reporters", summary.reporters}};
  json.update(sessions_json(summary.sessions));
  // Null without sessions, since 0 would look as if TLS never worked.
  json["success_rate"] = or_null(success_rate(summary.sessions));
  // An array even where it is empty, so that programs iterate without a test.
  json["policies"] = Json::array();
  for (const auto& [type, sessions] : summary.policies) {
    Json row = {{"policy_type", type}};
    row.update(sessions_json(sessions));
    json["policies"].push_back(std::move(row));
  }
  json["failures"] = array_of(summary.problems, problem_json);
  return json;
}

Json failure_source_json(const FailureSource& source) {
  // Receivers may hide the address for privacy. All such reports are one source.
  return {{"source_ip", source.source ? Json(source.source->text()) : Json()},
          {"incidents", source.incidents},
          {"auth_failures", source.auth_failures},
          {"delivery_results", source.delivery_results},
          {"reporters", source.reporters},
          // Examples and not all of them: there may be one per mail.
          {"from", source.from},
          {"envelope_domains", source.envelope_domains},
          {"dkim", source.dkim},
          {"first_seen", to_text(source.first)},
          {"last_seen", to_text(source.last)}};
}

Json failure_summary_json(const FailureSummary& summary) {
  return {{"domain", summary.domain},
          {"since", date_json(summary.since)},
          {"until", date_json(summary.until)},
          {"reports", summary.reports},
          {"verified_reports", summary.verified_reports},
          {"reporters", summary.reporters},
          {"incidents", summary.incidents},
          {"auth_failures", summary.auth_failures},
          {"sources", array_of(summary.sources, failure_source_json)}};
}

template <class Summary>
/// The number of verified reports is in the first line: anybody can send the others.
std::string headline(const Summary& summary, std::string_view kind) {
  std::string text = fmt::format("{}: {} ({} verified) by {}", printable(summary.domain),
                                 counted(summary.reports, kind), summary.verified_reports,
                                 counted(summary.reporters.size(), "reporter"));
  if (summary.since && summary.until) {
    text += fmt::format(", {} to {}", to_text(*summary.since), to_text(*summary.until));
  }
  return text + "\n";
}

/// "a, b, c", made safe to show; outsiders write these texts.
std::string list(const std::set<std::string>& texts) {
  return printable(fmt::format("{}", fmt::join(texts, ", ")));
}

std::string incidents_text(const Incidents& incidents) {
  std::vector<std::string> parts;
  for (const auto& [word, count] : incidents) parts.push_back(fmt::format("{} {}", count, word));
  return printable(fmt::format("{}", fmt::join(parts, ", ")));
}

std::string problem_text(const TlsProblem& problem) {
  std::string text = fmt::format(
      "  {} at {}: {}, {} to {}, by {}\n", printable(problem.result_type),
      problem.receiving_mx.empty() ? "an unnamed server" : printable(problem.receiving_mx),
      counted(problem.sessions, "session"), to_text(problem.first), to_text(problem.last),
      list(problem.reporters));
  // Reasons are the reporter's own words, so they are shown apart from the fixed names of result
  // types.
  if (!problem.reasons.empty()) text += fmt::format("    reasons: {}\n", list(problem.reasons));
  return text + fmt::format("    -> {}\n", problem.action);
}

std::string source_text(const FailureSource& source) {
  std::string text = fmt::format(
      "  {}: {} ({}), {} to {}, by {}\n", source.source ? source.source->text() : "no address",
      counted(source.incidents, "message"), incidents_text(source.auth_failures),
      to_text(source.first), to_text(source.last), list(source.reporters));
  if (!source.from.empty()) text += fmt::format("    from: {}\n", list(source.from));
  if (!source.envelope_domains.empty()) {
    text += fmt::format("    envelope: {}\n", list(source.envelope_domains));
  }
  if (!source.dkim.empty()) text += fmt::format("    DKIM: {}\n", list(source.dkim));
  return text;
}

template <class Row>
std::string rows_text(const std::vector<Row>& rows, std::string (*to_text)(const Row&)) {
  std::string text;
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) text += to_text(rows[i]);
  // A wave of failing mail has thousands of addresses; those with the most mail come first.
  if (rows.size() > kMostRows) {
    text += fmt::format("  and {} more; --format json has all\n", rows.size() - kMostRows);
  }
  return text;
}

}  // namespace

std::string tls_json(const std::vector<TlsSummary>& summaries) {
  return one_or_many(summaries, tls_summary_json);
}

std::string tls_text(const std::vector<TlsSummary>& summaries) {
  std::string text;
  for (const TlsSummary& one : summaries) {
    text += headline(one, "TLS report");
    // Two decimals, because a failure in a thousand sessions is worth a look and would be rounded
    // away.
    const auto rate = success_rate(one.sessions);
    text += fmt::format("  {} succeeded, {} failed{}\n", counted(one.sessions.successes, "session"),
                        one.sessions.failures,
                        rate ? fmt::format("; TLS works for {}", percent(*rate)) : "");
    // Per policy, since MTA-STS and DANE may apply to one domain and fail independently (RFC 8460
    // section 4.2).
    for (const auto& [type, sessions] : one.policies) {
      text += fmt::format("  policy {}: {} succeeded, {} failed\n", printable(type),
                          sessions.successes, sessions.failures);
    }
    text += rows_text(one.problems, problem_text);
  }
  return text.empty() ? "No TLS reports were found: `rampart reports ingest` stores some.\n" : text;
}

std::string failures_json(const std::vector<FailureSummary>& summaries) {
  return one_or_many(summaries, failure_summary_json);
}

std::string failures_text(const std::vector<FailureSummary>& summaries) {
  std::string text;
  for (const FailureSummary& one : summaries) {
    text += headline(one, "failure report");
    text += fmt::format("  {} failed{}\n", counted(one.incidents, "message"),
                        one.auth_failures.empty() ? "" : ": " + incidents_text(one.auth_failures));
    text += rows_text(one.sources, source_text);
  }
  return text.empty() ? "No failure reports were found: `rampart reports ingest` stores some.\n"
                      : text;
}

}  // namespace rampart
