/// Policy domains that older versions stored as reporters wrote them, in U-labels.
#include <vector>

#include "dns/name.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

using NumberedText = std::pair<std::int64_t, std::string>;

/// The domains with a character outside of ASCII.
Result<std::vector<NumberedText>> wide_domains(Database& database) {
  // The texts of facts and of reporters are in the same table, so only texts that are a report's
  // domain may be read as one.
  TRY(Statement find,
      database.prepare("SELECT id, text FROM strings WHERE id IN (SELECT domain FROM reports UNION "
                       "SELECT domain FROM daily) AND text GLOB '*[^ -~]*'"));
  std::vector<NumberedText> found;
  Result<bool> row = find.step();
  // They are collected before anything is written: SQLite does not define what a running SELECT
  // returns from a table that changes.
  for (; row && *row; row = find.step()) found.emplace_back(find.integer(0), find.text(1));
  if (!row) return row.error();
  return found;
}

/// The number of a text, which is added where it is missing.
Result<std::int64_t> number_of(Database& database, const std::string& text) {
  // By the hash as well, because only the hash has an index.
  TRY(Statement find, database.prepare("SELECT id FROM strings WHERE hash=? AND text=?"));
  TRY(const bool known, find.bind_all(hash_of(text), text).step());
  if (known) return find.integer(0);
  TRY(Statement add, database.prepare("INSERT INTO strings(hash, text) VALUES(?, ?)"));
  TRY_OK(add.bind_all(hash_of(text), text).run());
  return database.last_id();
}

Result<Ok> move_domain(Database& database, std::int64_t from, std::int64_t to) {
  // Both forms may have sums of one day, which are added.
  for (const char* sql :
       {"UPDATE reports SET domain=?2 WHERE domain=?1",
        "UPDATE blocks SET domain=?2 WHERE domain=?1",
        "INSERT INTO daily(domain, day, reporter, trust, aligned, records, messages, "
        "contradictions) SELECT ?2, day, reporter, trust, aligned, records, messages, "
        "contradictions FROM daily WHERE domain=?1 ON CONFLICT DO UPDATE SET "
        "records=records+excluded.records, messages=messages+excluded.messages, "
        "contradictions=contradictions+excluded.contradictions",
        "DELETE FROM daily WHERE domain=?1 AND ?2=?2"}) {
    TRY(Statement run, database.prepare(sql));
    TRY_OK(run.bind_all(from, to).run());
  }
  return Ok{};
}

}  // namespace

Result<Ok> use_a_labels(Database& database) {
  TRY(const std::vector<NumberedText> domains, wide_domains(database));
  for (const auto& [id, text] : domains) {
    const Result<Name> name = Name::parse(text);
    // An old version accepted any text as a domain. No reader can request one that is no name, so
    // it stays.
    if (!name) continue;
    TRY(const std::int64_t to, number_of(database, name->text()));
    TRY_OK(move_domain(database, id, to));
  }
  return Ok{};
}

}  // namespace rampart::reports
