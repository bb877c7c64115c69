/// What the store makes of old rows: blocks of an older schema's rows, and daily sums.
#include <map>
#include <tuple>

#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

constexpr const char* kAddBlock =
    "INSERT INTO blocks(domain, day, report, part, rows) VALUES(?, ?, ?, ?, ?)";

struct Sums {
  std::int64_t records = 0;
  std::int64_t messages = 0;
  std::int64_t contradictions = 0;
};

/// What a daily sum is told apart by: domain, day, reporter, trust, alignment.
using SumKey = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

/// Sums up the blocks of days before one.
class Roller {
 public:
  explicit Roller(Database& database) : database_(database) {}

  Result<std::int64_t> roll(std::int64_t first) {
    Result<Statement> blocks =
        database_.prepare("SELECT domain, day, report, rows FROM blocks WHERE day<?");
    if (!blocks) return blocks.error();
    Statement& at = blocks.value();
    at.bind(1, first);
    Result<bool> row = at.step();
    for (; row && *row; row = at.step()) {
      if (Result<Ok> added = add(at); !added) return added.error();
    }
    if (!row) return row.error();
    if (Result<Ok> written = write(); !written) return written.error();
    return rows_;
  }

 private:
  Result<Ok> add(const Statement& block) {
    const Result<std::pair<std::int64_t, std::int64_t>> report = report_of(block.integer(2));
    if (!report) return report.error();
    std::optional<Error> problem;
    const bool read = for_each_in(block.text(3), [&](const BlockRow& one) {
      const Result<int> flags = flags_of(one.facts);
      if (!flags) problem = flags.error();
      if (problem) return;
      Sums& sums =
          sums_[{block.integer(0), block.integer(1), report->first, report->second, *flags & 3}];
      ++sums.records;
      sums.messages += one.count;
      sums.contradictions += *flags >> 2;
      ++rows_;
    });
    if (!read) return Error{"the store holds a block of rows that cannot be read"};
    return problem ? Result<Ok>(*problem) : Ok{};
  }

  /// The reporter and the trust of a report.
  Result<std::pair<std::int64_t, std::int64_t>> report_of(std::int64_t id) {
    const auto known = reports_.find(id);
    if (known != reports_.end()) return known->second;
    Result<Statement> find = database_.prepare("SELECT reporter, trust FROM reports WHERE id=?");
    if (!find) return find.error();
    const Result<bool> row = find.value().bind(1, id).step();
    if (!row) return row.error();
    if (!*row) return Error{"the store lacks a report that its rows name"};
    return reports_.emplace(id, std::pair(find->integer(0), find->integer(1))).first->second;
  }

  /// Two bits of alignment, and one of contradiction: the first octet of the facts.
  Result<int> flags_of(std::int64_t id) {
    const auto known = flags_.find(id);
    if (known != flags_.end()) return known->second;
    Result<Statement> find = database_.prepare("SELECT substr(text, 1, 1) FROM strings WHERE id=?");
    if (!find) return find.error();
    const Result<bool> row = find.value().bind(1, id).step();
    if (!row) return row.error();
    const std::string_view text = *row ? find->text(0) : std::string_view();
    if (text.empty() || text[0] < '0' || text[0] > '7') {
      return Error{"the store holds facts that cannot be read"};
    }
    return flags_.emplace(id, text[0] - '0').first->second;
  }

  Result<Ok> write() {
    Result<Statement> add = database_.prepare(
        "INSERT INTO daily(domain, day, reporter, trust, aligned, records, messages, "
        "contradictions) VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "records=records+excluded.records, messages=messages+excluded.messages, "
        "contradictions=contradictions+excluded.contradictions");
    if (!add) return add.error();
    Statement& put = add.value();
    for (const auto& [key, sums] : sums_) {
      const auto& [domain, day, reporter, trust, aligned] = key;
      put.bind(1, domain).bind(2, day).bind(3, reporter).bind(4, trust).bind(5, aligned);
      put.bind(6, sums.records).bind(7, sums.messages).bind(8, sums.contradictions);
      if (Result<Ok> added = put.run(); !added) return added;
    }
    return Ok{};
  }

  Database& database_;
  std::map<SumKey, Sums> sums_;
  std::unordered_map<std::int64_t, std::pair<std::int64_t, std::int64_t>> reports_;
  std::unordered_map<std::int64_t, int> flags_;
  std::int64_t rows_ = 0;
};

}  // namespace

Result<Ok> pack_rows(Database& database) {
  Result<Statement> made = database.prepare(
      "SELECT domain, day, report, facts, ip, count FROM rows ORDER BY domain, day, report, seq");
  if (!made) return made.error();
  Result<Statement> adding = database.prepare(kAddBlock);
  if (!adding) return adding.error();
  Statement& rows = made.value();
  Statement& add = adding.value();
  std::array<std::int64_t, 3> place{};
  std::int64_t part = 0;
  std::string block;
  const auto flush = [&]() -> Result<Ok> {
    if (block.empty()) return Ok{};
    add.bind(1, place[0]).bind(2, place[1]).bind(3, place[2]).bind(4, part++);
    const Result<Ok> added = add.bind_blob(5, block).run();
    block.clear();
    return added;
  };
  Result<bool> row = rows.step();
  for (; row && *row; row = rows.step()) {
    const std::array<std::int64_t, 3> here = {rows.integer(0), rows.integer(1), rows.integer(2)};
    if (here != place || block.size() + kMostRowOctets > kBlockOctets) {
      if (Result<Ok> flushed = flush(); !flushed) return flushed;
      if (here != place) part = 0;
      place = here;
    }
    append_row({rows.integer(3), ip_of(rows.text(4)), rows.integer(5)}, block);
  }
  if (!row) return row.error();
  return flush();
}

Result<std::int64_t> Store::prune(Date first) {
  if (Result<Ok> begun = begin(); !begun) return begun.error();
  const std::int64_t day = first.time_since_epoch().count();
  Result<std::int64_t> rolled = Roller(database_).roll(day);
  Result<Ok> done = rolled ? Result<Ok>(Ok{}) : rolled.error();
  if (done) done = database_.run("DELETE FROM blocks WHERE day<" + std::to_string(day));
  if (done) done = commit();
  if (!done) {
    rollback();
    return done.error();
  }
  (void)database_.run("PRAGMA incremental_vacuum");
  return rolled;
}

}  // namespace rampart::reports
