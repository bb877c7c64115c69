/// Compaction of old rows: into blocks for an older schema, and into daily sums by `prune`.
#include <map>
#include <tuple>

#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

struct Sums {
  std::int64_t records = 0;
  std::int64_t messages = 0;
  std::int64_t contradictions = 0;
};

/// The key of a daily sum: domain, day, reporter, trust, alignment flags.
using SumKey = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

/// Sums up the blocks of the days before one. All sums are kept in memory: there are far fewer of
/// them than rows, one per domain, day, reporter and outcome.
class DailySummer {
 public:
  explicit DailySummer(Database& database) : database_(database) {}

  /// Writes the daily sums of days before `first`; returns how many rows they replace.
  Result<std::int64_t> run(std::int64_t first) {
    TRY(Statement blocks,
        database_.prepare("SELECT domain, day, report, rows FROM blocks WHERE day<?"));
    blocks.bind(1, first);
    Result<bool> row = blocks.step();
    for (; row && *row; row = blocks.step()) TRY_OK(add(blocks));
    if (!row) return row.error();
    TRY_OK(write());
    return rows_;
  }

 private:
  using ReporterAndTrust = std::pair<std::int64_t, std::int64_t>;

  /// The visitor cannot return an Error, so the first problem is kept and the rest of the block is
  /// skipped.
  Result<Ok> add(const Statement& block) {
    TRY(const ReporterAndTrust report, report_of(block.integer(2)));
    std::optional<Error> problem;
    const bool valid = for_each_in(block.text(3), [&](const BlockRow& one) {
      const Result<std::int64_t> flags = flags_of(one.facts);
      if (!flags) problem = flags.error();
      if (problem) return;
      // A contradiction is a count and not part of the key: it changes no message's outcome.
      Sums& sums = sums_[{block.integer(0), block.integer(1), report.first, report.second,
                          *flags & (kDkimAligned | kSpfAligned)}];
      ++sums.records;
      sums.messages += one.count;
      sums.contradictions += (*flags & kContradicts) != 0 ? 1 : 0;
      ++rows_;
    });
    if (!valid) return Error{"the store holds a block of rows that cannot be read"};
    return problem ? Result<Ok>(*problem) : Ok{};
  }

  Result<ReporterAndTrust> report_of(std::int64_t id) {
    // A report has many blocks, and a query for each would take most of the time.
    const auto known = reports_.find(id);
    if (known != reports_.end()) return known->second;
    TRY(Statement find, database_.prepare("SELECT reporter, trust FROM reports WHERE id=?"));
    TRY(const bool found, find.bind(1, id).step());
    if (!found) return Error{"the store lacks a report that its rows name"};
    return reports_.emplace(id, std::pair(find.integer(0), find.integer(1))).first->second;
  }

  /// The flags at the front of the facts; the rest need not be read.
  Result<std::int64_t> flags_of(std::int64_t id) {
    const auto known = flags_.find(id);
    if (known != flags_.end()) return known->second;
    TRY(Statement find, database_.prepare("SELECT substr(text, 1, 1) FROM strings WHERE id=?"));
    TRY(const bool found, find.bind(1, id).step());
    const auto flags = decode_flags(found ? find.text(0) : std::string_view());
    if (!flags) return Error{"the store holds facts that cannot be read"};
    return flags_.emplace(id, *flags).first->second;
  }

  Result<Ok> write() {
    // A day may have sums already, from reports that arrived before an earlier prune.
    TRY(Statement add,
        database_.prepare(
            "INSERT INTO daily(domain, day, reporter, trust, aligned, records, messages, "
            "contradictions) VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "records=records+excluded.records, messages=messages+excluded.messages, "
            "contradictions=contradictions+excluded.contradictions"));
    for (const auto& [key, sums] : sums_) {
      const auto& [domain, day, reporter, trust, aligned] = key;
      add.bind(1, domain).bind(2, day).bind(3, reporter).bind(4, trust).bind(5, aligned);
      add.bind(6, sums.records).bind(7, sums.messages).bind(8, sums.contradictions);
      TRY_OK(add.run());
    }
    return Ok{};
  }

  Database& database_;
  std::map<SumKey, Sums> sums_;
  std::unordered_map<std::int64_t, ReporterAndTrust> reports_;
  std::unordered_map<std::int64_t, std::int64_t> flags_;
  std::int64_t rows_ = 0;
};

}  // namespace

/// Rows arrive sorted by domain, day and report. A block holds rows of one report and day, so it
/// is flushed where any of the three changes or the next row might not fit.
Result<Ok> pack_rows(Database& database) {
  TRY(Statement rows, database.prepare("SELECT domain, day, report, facts, ip, count FROM rows "
                                       "ORDER BY domain, day, report, seq"));
  TRY(Statement add, database.prepare(kAddBlock));
  std::array<std::int64_t, 3> owner{};  // Domain, day and report of the block.
  std::int64_t part = 0;
  std::string block;
  const auto flush = [&]() -> Result<Ok> {
    if (block.empty()) return Ok{};
    add.bind(1, owner[0]).bind(2, owner[1]).bind(3, owner[2]).bind(4, part++);
    const Result<Ok> added = add.bind_blob(5, block).run();
    block.clear();
    return added;
  };
  Result<bool> row = rows.step();
  for (; row && *row; row = rows.step()) {
    const std::array<std::int64_t, 3> next = {rows.integer(0), rows.integer(1), rows.integer(2)};
    if (next != owner || block.size() + kMostRowOctets > kBlockOctets) {
      TRY_OK(flush());
      // The part is the last column of the key, so it counts within one report.
      if (next != owner) part = 0;
      owner = next;
    }
    append_row({rows.integer(3), ip_of(rows.text(4)), rows.integer(5)}, block);
  }
  if (!row) return row.error();
  return flush();
}

namespace {

/// Removes the rows of other kinds of reports. A failure report is about a person's mail, so that
/// nothing of it stays but its identity.
Result<Ok> prune_plain(Database& database, std::int64_t day, Pruned& pruned) {
  const std::string before = " WHERE day<" + std::to_string(day);
  // The details first: they have no day of their own, and are found by the policies that are
  // deleted next.
  TRY_OK(
      database.run("DELETE FROM tls_failures WHERE (report, seq) IN "
                   "(SELECT report, seq FROM tls_policies" +
                   before + ")"));
  TRY_OK(database.run("DELETE FROM tls_policies" + before));
  pruned.tls_policies = database.changes();
  TRY_OK(
      database.run("INSERT OR IGNORE INTO pruned_failures SELECT identity FROM failures" + before));
  TRY_OK(database.run("DELETE FROM failures" + before));
  pruned.failure_reports = database.changes();
  return Ok{};
}

}  // namespace

Result<Pruned> Store::prune(Date first) {
  // One transaction: rows that are gone without their sums, or counted in both, would change past
  // figures for good.
  TRY_OK(begin());
  const std::int64_t day = first.time_since_epoch().count();
  const auto replace_rows = [&]() -> Result<Pruned> {
    Pruned pruned;
    TRY(pruned.records, DailySummer(database_).run(day));
    TRY_OK(database_.run("DELETE FROM blocks WHERE day<" + std::to_string(day)));
    TRY_OK(prune_plain(database_, day, pruned));
    TRY_OK(commit());
    return pruned;
  };
  Result<Pruned> pruned = replace_rows();
  if (!pruned) {
    rollback();
    return pruned;
  }
  // Gives free pages back to the file system; the rows are gone whether or not it works.
  (void)database_.run("PRAGMA incremental_vacuum");
  return pruned;
}

}  // namespace rampart::reports
