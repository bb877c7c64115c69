/// Reading from the store.
#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

Time time_of(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

Trust trust_of(std::int64_t stored) { return stored == 1 ? Trust::Verified : Trust::Asserted; }

}  // namespace

Result<std::vector<std::string>> Store::domains() {
  // Jumps from one domain to the next by the index: SQLite's DISTINCT would scan every report.
  TRY(Statement find,
      database_.prepare(
          "WITH RECURSIVE seen(id) AS (SELECT min(domain) FROM reports UNION ALL "
          "SELECT (SELECT min(domain) FROM reports WHERE domain>seen.id) FROM seen "
          "WHERE seen.id IS NOT NULL) "
          "SELECT text FROM strings WHERE id IN (SELECT id FROM seen) ORDER BY text"));
  std::vector<std::string> domains;
  Result<bool> row = find.step();
  for (; row && *row; row = find.step()) domains.emplace_back(find.text(0));
  if (!row) return row.error();
  return domains;
}

Result<Ok> Store::for_each_block(const Range& range,
                                 const std::function<bool(const StoredBlock&)>& visit) {
  TRY(const std::int64_t domain, find_string(range.domain));
  // A domain without reports is no error: the YAML may have it before the first report arrives.
  if (domain == 0) return Ok{};
  Statement& blocks = statements_->blocks;
  blocks.bind(1, domain).bind(2, number(range.since)).bind(3, number(range.until));
  bool valid = true;
  // The primary key gives the order: by day, report and part. Callers rely on the days being in
  // order.
  Result<bool> more = blocks.step();
  for (; more && *more && valid; more = blocks.step()) {
    valid = visit({day_of(blocks.integer(0)), blocks.integer(1), blocks.text(2)});
  }
  // Reset before any return: a statement that is still running keeps its read transaction, and no
  // checkpoint can pass it.
  blocks.reset();
  if (!valid) return Error{"the store holds a block of rows that cannot be read"};
  return more ? Result<Ok>(Ok{}) : more.error();
}

Result<Ok> Store::for_each_row(const Range& range,
                               const std::function<void(const StoredRow&)>& visit) {
  return for_each_block(range, [&](const StoredBlock& block) {
    return for_each_in(block.rows, [&](const BlockRow& row) {
      visit({block.day, block.report, row.facts, row.ip, row.count});
    });
  });
}

Result<Facts> Store::facts(std::int64_t id) {
  TRY(const std::string text, string_of(id));
  std::optional<Facts> facts = decode(text);
  if (!facts) return Error{"the store holds facts that cannot be read"};
  return std::move(*facts);
}

Result<StoredReport> Store::report(std::int64_t id) {
  Statement& find = statements_->report;
  TRY(const bool found, find.bind(1, id).step());
  if (!found) return Error{"the store lacks a report that its rows name"};
  StoredReport report;
  report.trust = trust_of(find.integer(0));
  // Numbers are copied before `reset`, after which columns have no value, and texts are read after
  // it, because reading them runs other statements.
  const std::int64_t reporter = find.integer(1);
  const std::int64_t org = find.integer(2);
  report.id = find.text(3);
  report.begin = time_of(find.integer(4));
  report.end = time_of(find.integer(5));
  const std::int64_t policy = find.integer(6);
  find.reset();
  TRY(report.reporter, repeated_text(reporter));
  TRY(report.org, repeated_text(org));
  TRY(const std::string policy_text, repeated_text(policy));
  report.published = decode_policy(policy_text);
  return report;
}

/// Thousands of reports have the same few reporters and policies.
Result<std::string> Store::repeated_text(std::int64_t id) {
  const auto known = texts_.find(id);
  if (known != texts_.end()) return known->second;
  TRY(std::string text, string_of(id));
  if (texts_.size() >= kMostInterned) texts_.clear();
  return texts_.emplace(id, std::move(text)).first->second;
}

/// A reference cannot be an Error, so the caller checks `problem` after its last row.
const StoredReport& StoreLookup::report(std::int64_t id) {
  const auto [at, added] = reports_.try_emplace(id);
  if (!added) return at->second;
  Result<StoredReport> report = store_.report(id);
  if (report) {
    at->second = std::move(report).value();
  } else {
    problem_ = report.error();
  }
  return at->second;
}

const std::shared_ptr<const Facts>& StoreLookup::facts(std::int64_t id) {
  std::shared_ptr<const Facts>& facts = facts_[id];
  if (facts) return facts;
  Result<Facts> read = store_.facts(id);
  if (!read) problem_ = read.error();
  // Empty facts in place of unreadable ones: callers need not check for null within a loop over
  // millions of rows.
  facts = std::make_shared<const Facts>(read ? std::move(read).value() : Facts());
  return facts;
}

std::vector<std::shared_ptr<const Facts>> StoreLookup::all_facts() const {
  std::vector<std::shared_ptr<const Facts>> all;
  all.reserve(facts_.size());
  for (const auto& [id, facts] : facts_) all.push_back(facts);
  return all;
}

Result<std::vector<DailySum>> Store::daily(const Range& range) {
  TRY(const std::int64_t domain, find_string(range.domain));
  TRY(Statement find,
      database_.prepare(
          "SELECT d.day, s.text, d.trust, d.aligned, d.records, d.messages, d.contradictions "
          "FROM daily d "
          "JOIN strings s ON s.id=d.reporter WHERE d.domain=? AND d.day BETWEEN ? AND ?"));
  find.bind(1, domain).bind(2, number(range.since)).bind(3, number(range.until));
  std::vector<DailySum> sums;
  Result<bool> row = find.step();
  for (; row && *row; row = find.step()) {
    const std::int64_t aligned = find.integer(3);
    sums.push_back({.day = day_of(find.integer(0)),
                    .reporter = std::string(find.text(1)),
                    .trust = trust_of(find.integer(2)),
                    .dkim_aligned = (aligned & kDkimAligned) != 0,
                    .spf_aligned = (aligned & kSpfAligned) != 0,
                    .records = find.integer(4),
                    .messages = find.integer(5),
                    .contradictions = find.integer(6)});
  }
  if (!row) return row.error();
  return sums;
}

Result<std::map<std::string, Date>> Store::heard(const std::string& domain) {
  TRY(const std::int64_t id, find_string(domain));
  TRY(Statement find, database_.prepare("SELECT s.text, r.first FROM reporters r JOIN strings s "
                                        "ON s.id=r.reporter WHERE r.domain=?"));
  find.bind(1, id);
  std::map<std::string, Date> heard;
  Result<bool> row = find.step();
  for (; row && *row; row = find.step()) {
    heard.emplace(find.text(0), std::chrono::floor<std::chrono::days>(time_of(find.integer(1))));
  }
  if (!row) return row.error();
  return heard;
}

Result<std::optional<Time>> Store::newest_verified(Time now) {
  // Ranges that end in the future come from wrong clocks. They would make old evidence look fresh.
  TRY(Statement find, database_.prepare("SELECT max(end) FROM reports WHERE trust=1 AND end<=?"));
  TRY(const bool found, find.bind(1, std::int64_t{now.time_since_epoch().count()}).step());
  // `max` of no rows is one row with NULL.
  if (!found || find.is_null(0)) return std::optional<Time>();
  return std::optional<Time>(time_of(find.integer(0)));
}

}  // namespace rampart::reports
