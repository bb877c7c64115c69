/// Reading the store back.
#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

std::int64_t number(Date day) { return day.time_since_epoch().count(); }

Date day_of(std::int64_t number) { return Date(std::chrono::days(number)); }

Time time_of(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

}  // namespace

Result<std::vector<std::string>> Store::domains() {
  // From one domain to the next by the index: SQLite's own DISTINCT looks at every report.
  Result<Statement> made = database_.prepare(
      "WITH RECURSIVE seen(id) AS (SELECT min(domain) FROM reports UNION ALL "
      "SELECT (SELECT min(domain) FROM reports WHERE domain>seen.id) FROM seen "
      "WHERE seen.id IS NOT NULL) "
      "SELECT text FROM strings WHERE id IN (SELECT id FROM seen) ORDER BY text");
  if (!made) return made.error();
  Statement& find = made.value();
  std::vector<std::string> domains;
  Result<bool> row = find.step();
  for (; row && *row; row = find.step()) domains.emplace_back(find.text(0));
  if (!row) return row.error();
  return domains;
}

Result<Ok> Store::for_each_row(const Range& range,
                               const std::function<void(const StoredRow&)>& take) {
  const Result<std::int64_t> domain = find_string(range.domain);
  if (!domain) return domain.error();
  if (*domain == 0) return Ok{};
  Statement& blocks = statements_->blocks;
  blocks.bind(1, *domain).bind(2, number(range.since)).bind(3, number(range.until));
  bool sound = true;
  Result<bool> more = blocks.step();
  for (; more && *more && sound; more = blocks.step()) {
    const Date day = day_of(blocks.integer(0));
    const std::int64_t report = blocks.integer(1);
    sound = for_each_in(blocks.text(2), [&](const BlockRow& row) {
      take({day, report, row.facts, row.ip, row.count});
    });
  }
  blocks.reset();
  if (!sound) return Error{"the store holds a block of rows that cannot be read"};
  return more ? Result<Ok>(Ok{}) : more.error();
}

Result<Facts> Store::facts(std::int64_t id) {
  const Result<std::string> text = string_of(id);
  if (!text) return text.error();
  std::optional<Facts> facts = decode(*text);
  if (!facts) return Error{"the store holds facts that cannot be read"};
  return std::move(*facts);
}

Result<StoredReport> Store::report(std::int64_t id) {
  Statement& find = statements_->report;
  const Result<bool> row = find.bind(1, id).step();
  if (!row) return row.error();
  if (!*row) return Error{"the store lacks a report that its rows name"};
  StoredReport report;
  report.trust = find.integer(0) == 1 ? Trust::Verified : Trust::Asserted;
  const std::int64_t reporter = find.integer(1);
  const std::int64_t org = find.integer(2);
  report.id = find.text(3);
  report.begin = time_of(find.integer(4));
  report.end = time_of(find.integer(5));
  const std::int64_t policy = find.integer(6);
  find.reset();
  const Result<std::string> reporter_text = string_of(reporter);
  const Result<std::string> org_text = string_of(org);
  const Result<std::string> policy_text = string_of(policy);
  if (!reporter_text) return reporter_text.error();
  if (!org_text) return org_text.error();
  if (!policy_text) return policy_text.error();
  report.reporter = *reporter_text;
  report.org = *org_text;
  report.published = decode_policy(*policy_text);
  return report;
}

Result<std::vector<DailySum>> Store::daily(const Range& range) {
  const Result<std::int64_t> domain = find_string(range.domain);
  if (!domain) return domain.error();
  Result<Statement> made = database_.prepare(
      "SELECT d.day, s.text, d.trust, d.aligned, d.records, d.messages, d.contradictions "
      "FROM daily d "
      "JOIN strings s ON s.id=d.reporter WHERE d.domain=? AND d.day BETWEEN ? AND ?");
  if (!made) return made.error();
  Statement& find = made.value();
  find.bind(1, *domain).bind(2, number(range.since)).bind(3, number(range.until));
  std::vector<DailySum> sums;
  Result<bool> row = find.step();
  for (; row && *row; row = find.step()) {
    const std::int64_t aligned = find.integer(3);
    sums.push_back({day_of(find.integer(0)), std::string(find.text(1)),
                    find.integer(2) == 1 ? Trust::Verified : Trust::Asserted, (aligned & 1) != 0,
                    (aligned & 2) != 0, find.integer(4), find.integer(5), find.integer(6)});
  }
  if (!row) return row.error();
  return sums;
}

Result<std::optional<Time>> Store::newest_verified(Time now) {
  Result<Statement> made =
      database_.prepare("SELECT max(end) FROM reports WHERE trust=1 AND end<=?");
  if (!made) return made.error();
  Statement& find = made.value();
  find.bind(1, std::int64_t{now.time_since_epoch().count()});
  const Result<bool> row = find.step();
  if (!row) return row.error();
  if (!*row || find.is_null(0)) return std::optional<Time>();
  return std::optional<Time>(time_of(find.integer(0)));
}

Result<std::optional<std::string>> Store::host(const spf::Ip& ip, Time since) {
  Statement& find = statements_->host;
  find.bind_blob(1, octets_of(ip)).bind(2, std::int64_t{since.time_since_epoch().count()});
  const Result<bool> row = find.step();
  if (!row) return row.error();
  std::optional<std::string> host;
  if (*row) host = std::string(find.text(0));
  find.reset();
  return host;
}

}  // namespace rampart::reports
