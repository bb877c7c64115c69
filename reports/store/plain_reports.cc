/// SMTP TLS reports and failure reports: few, so that their texts are stored as they are.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

std::int64_t number(Trust trust) { return trust == Trust::Verified ? 1 : 0; }

/// Lists of texts are lines of one text; no entry holds a line end.
std::string lines_of(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, "\n"));
}

std::vector<std::string> texts_of(std::string_view lines) {
  std::vector<std::string> texts;
  // Without this, no list at all would be read as a list of one empty text.
  if (lines.empty()) return texts;
  for (const std::string_view one : split(lines, '\n')) texts.emplace_back(one);
  return texts;
}

/// The key is the report and the policy's place in it: a report may have two policies of one
/// domain, of types sts and tlsa (RFC 8460 section 4.4).
Result<Ok> add_details(Database& database, const TlsPolicy& policy,
                       std::pair<std::int64_t, std::int64_t> key) {
  TRY(Statement add, database.prepare("INSERT INTO tls_failures(report, seq, part, result, "
                                      "sending_ip, receiving_mx, receiving_ip, reason, sessions) "
                                      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  std::int64_t part = 0;
  for (const TlsFailure& one : policy.details) {
    add.bind_all(key.first, key.second, part++, one.result_type, one.sending_ip, one.receiving_mx,
                 one.receiving_ip, one.reason, one.sessions);
    TRY_OK(add.run());
  }
  return Ok{};
}

/// The failures of one policy of one report.
Result<std::vector<TlsFailure>> details_of(Statement& find, std::int64_t report, std::int64_t seq) {
  find.bind_all(report, seq);
  std::vector<TlsFailure> details;
  Result<bool> row = find.step();
  for (; row && *row; row = find.step()) {
    const auto text = [&](int column) { return std::string(find.text(column)); };
    details.push_back({.result_type = text(0),
                       .sending_ip = text(1),
                       .receiving_mx = text(2),
                       .receiving_ip = text(3),
                       .reason = text(4),
                       .sessions = find.integer(5)});
  }
  find.reset();
  if (!row) return row.error();
  return details;
}

FailureEntry failure_entry(const Statement& row) {
  const auto text = [&](int column) { return std::string(row.text(column)); };
  FailureEntry entry{.day = day_of(row.integer(0)),
                     .reporter = text(1),
                     .verified = row.integer(2) == 1,
                     .report = {.domain = text(3),
                                .auth_failure = text(5),
                                .delivery_result = text(6),
                                .alignment = text(7),
                                .from = text(8),
                                .mail_from = text(9),
                                .rcpt_to = text(10),
                                .dkim_domain = text(11),
                                .dkim_selector = text(12),
                                .reporting_mta = text(13),
                                .incidents = row.integer(14)}};
  if (!row.text(4).empty()) entry.report.source = ip_of(row.text(4));
  return entry;
}

}  // namespace

/// As for aggregate reports, a verified copy raises the trust of an asserted one.
Result<bool> Store::is_known(PlainKind kind, std::string_view identity,
                             const ReportSender& sender) {
  // The table's name cannot be bound as a parameter. It is one of two constants and never a text of
  // a report.
  const std::string table = kind == PlainKind::Tls ? "tls_reports" : "failures";
  TRY(Statement find, database_.prepare("SELECT trust FROM " + table + " WHERE identity=?"));
  TRY(const bool known, find.bind_blob(1, identity).step());
  const bool raise = known && find.integer(0) == 0 && sender.trust == Trust::Verified;
  find.reset();
  if (raise) {
    TRY(Statement set,
        database_.prepare("UPDATE " + table + " SET trust=1, reporter=? WHERE identity=?"));
    TRY_OK(set.bind(1, std::string_view(sender.reporter)).bind_blob(2, identity).run());
  }
  if (known || kind == PlainKind::Tls) return known;
  // Pruning keeps the identities of failure reports. Without them, a second copy of the mail would
  // store again what was removed.
  TRY(Statement pruned, database_.prepare("SELECT 1 FROM pruned_failures WHERE identity=?"));
  return pruned.bind_blob(1, identity).step();
}

Result<Added> Store::add(const TlsReport& report, const ReportSender& sender) {
  const std::string identity = identity_of(report);
  TRY(const bool known, is_known(PlainKind::Tls, identity, sender));
  if (known) return Added::Duplicate;
  TRY(Statement add, database_.prepare("INSERT INTO tls_reports(org, contact, report_id, begin, "
                                       "end, trust, reporter, identity) "
                                       "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
  add.bind_all(report.org, report.contact, report.id, number(report.begin), number(report.end),
               number(sender.trust), sender.reporter);
  TRY_OK(add.bind_blob(8, identity).run());
  const std::int64_t id = database_.last_id();
  TRY(Statement put, database_.prepare("INSERT INTO tls_policies(domain, day, report, seq, type, "
                                       "lines, mx, successes, failures) "
                                       "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  // As for aggregate reports, the first day of the range has all sessions.
  const std::int64_t day = number(std::chrono::floor<std::chrono::days>(report.begin));
  std::int64_t seq = 0;
  for (const TlsPolicy& policy : report.policies) {
    const std::string lines = lines_of(policy.lines);
    const std::string mx = lines_of(policy.mx_hosts);
    put.bind_all(policy.domain, day, id, seq, policy.type, lines, mx, policy.successes,
                 policy.failures);
    TRY_OK(put.run());
    TRY_OK(add_details(database_, policy, {id, seq++}));
  }
  return Added::New;
}

Result<Added> Store::add(const FailureReport& report, const ReportSender& sender, Date today) {
  TRY(const bool known, is_known(PlainKind::Failure, report.identity, sender));
  if (known) return Added::Duplicate;
  TRY(Statement add,
      database_.prepare("INSERT INTO failures(domain, day, trust, reporter, auth_failure, "
                        "delivery, alignment, author, mail_from, rcpt_to, dkim_domain, "
                        "dkim_selector, reporting_mta, incidents, source, identity) "
                        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  // Arrival-Date is optional (RFC 5965 section 3.2).
  const Date day = report.arrival ? std::chrono::floor<std::chrono::days>(*report.arrival) : today;
  add.bind_all(report.domain, number(day), number(sender.trust), sender.reporter,
               report.auth_failure, report.delivery_result, report.alignment, report.from,
               report.mail_from, report.rcpt_to, report.dkim_domain, report.dkim_selector,
               report.reporting_mta, report.incidents);
  // An empty blob for no address; NULL would be a third kind of value.
  add.bind_blob(15, report.source ? octets_of(*report.source) : std::string_view(""));
  TRY_OK(add.bind_blob(16, report.identity).run());
  return Added::New;
}

Result<Ok> Store::for_each_tls(const Range& range,
                               const std::function<void(const TlsEntry&)>& visit) {
  TRY(Statement rows,
      database_.prepare("SELECT p.day, p.report, r.reporter, r.trust, p.type, p.lines, p.mx, "
                        "p.successes, p.failures, p.seq FROM tls_policies p "
                        "JOIN tls_reports r ON r.id=p.report "
                        "WHERE p.domain=? AND p.day BETWEEN ? AND ?"));
  // Prepared once for all policies: a join would repeat the policy's texts in each of its failures.
  TRY(Statement details,
      database_.prepare("SELECT result, sending_ip, receiving_mx, receiving_ip, reason, sessions "
                        "FROM tls_failures WHERE report=? AND seq=? ORDER BY part"));
  rows.bind_all(range.domain, number(range.since), number(range.until));
  Result<bool> row = rows.step();
  for (; row && *row; row = rows.step()) {
    TlsEntry entry{.day = day_of(rows.integer(0)),
                   .report = rows.integer(1),
                   .reporter = std::string(rows.text(2)),
                   .verified = rows.integer(3) == 1,
                   .policy = {.type = std::string(rows.text(4)),
                              .domain = range.domain,
                              .lines = texts_of(rows.text(5)),
                              .mx_hosts = texts_of(rows.text(6)),
                              .successes = rows.integer(7),
                              .failures = rows.integer(8)}};
    TRY(entry.policy.details, details_of(details, entry.report, rows.integer(9)));
    visit(entry);
  }
  return row ? Result<Ok>(Ok{}) : row.error();
}

Result<Ok> Store::for_each_failure(const Range& range,
                                   const std::function<void(const FailureEntry&)>& visit) {
  TRY(Statement rows,
      database_.prepare("SELECT day, reporter, trust, domain, source, auth_failure, delivery, "
                        "alignment, author, mail_from, rcpt_to, dkim_domain, dkim_selector, "
                        "reporting_mta, incidents FROM failures "
                        "WHERE domain=? AND day BETWEEN ? AND ? ORDER BY day, id"));
  rows.bind_all(range.domain, number(range.since), number(range.until));
  Result<bool> row = rows.step();
  for (; row && *row; row = rows.step()) visit(failure_entry(rows));
  return row ? Result<Ok>(Ok{}) : row.error();
}

Result<std::vector<std::string>> Store::domains_of(PlainKind kind) {
  TRY(Statement find,
      database_.prepare(kind == PlainKind::Tls
                            ? "SELECT DISTINCT domain FROM tls_policies ORDER BY domain"
                            : "SELECT DISTINCT domain FROM failures ORDER BY domain"));
  std::vector<std::string> domains;
  Result<bool> row = find.step();
  for (; row && *row; row = find.step()) domains.emplace_back(find.text(0));
  if (!row) return row.error();
  return domains;
}

}  // namespace rampart::reports
