/// The store's file: its schema, its migrations, and its table of texts, each kept once.
#include "reports/store/store.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

/// A step from one schema version to the next: SQL, then work that SQL cannot do, then more SQL.
struct Migration {
  const char* before;
  Result<Ok> (*work)(Database&) = nullptr;
  const char* after = "";
};

/// One step per version; `user_version` counts the steps done. Steps that were released never
/// change: databases of every version exist. The policy domain leads every key, so that one
/// domain's month is contiguous. Addresses have no index: their random order would make small
/// transactions several times slower.
constexpr std::array kMigrations = {
    Migration{R"(CREATE TABLE strings(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL,
  text TEXT NOT NULL);
CREATE INDEX strings_hash ON strings(hash);
CREATE TABLE reports(id INTEGER PRIMARY KEY, domain INTEGER NOT NULL, begin INTEGER NOT NULL,
  end INTEGER NOT NULL, org INTEGER NOT NULL, report_id TEXT NOT NULL, trust INTEGER NOT NULL,
  reporter INTEGER NOT NULL, policy INTEGER NOT NULL, records INTEGER NOT NULL,
  messages INTEGER NOT NULL, contradictions INTEGER NOT NULL, identity BLOB NOT NULL UNIQUE);
CREATE INDEX reports_domain ON reports(domain, begin);
CREATE TABLE rows(domain INTEGER NOT NULL, day INTEGER NOT NULL, report INTEGER NOT NULL,
  seq INTEGER NOT NULL, facts INTEGER NOT NULL, ip BLOB NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(domain, day, report, seq)) WITHOUT ROWID;
CREATE TABLE daily(domain INTEGER NOT NULL, day INTEGER NOT NULL, reporter INTEGER NOT NULL,
  trust INTEGER NOT NULL, aligned INTEGER NOT NULL, records INTEGER NOT NULL,
  messages INTEGER NOT NULL, PRIMARY KEY(domain, day, reporter, trust, aligned)) WITHOUT ROWID;
CREATE TABLE hosts(ip BLOB PRIMARY KEY, host TEXT NOT NULL,
  seen INTEGER NOT NULL) WITHOUT ROWID;)"},
    Migration{R"(CREATE TABLE blocks(domain INTEGER NOT NULL, day INTEGER NOT NULL,
  report INTEGER NOT NULL, part INTEGER NOT NULL, rows BLOB NOT NULL,
  PRIMARY KEY(domain, day, report, part)) WITHOUT ROWID;
ALTER TABLE daily ADD COLUMN contradictions INTEGER NOT NULL DEFAULT 0;)",
              pack_rows, "DROP TABLE rows"},
    Migration{R"(CREATE TABLE tls_reports(id INTEGER PRIMARY KEY, identity BLOB NOT NULL UNIQUE,
  org TEXT NOT NULL, contact TEXT NOT NULL, report_id TEXT NOT NULL, begin INTEGER NOT NULL,
  end INTEGER NOT NULL, trust INTEGER NOT NULL, reporter TEXT NOT NULL);
CREATE TABLE tls_policies(domain TEXT NOT NULL, day INTEGER NOT NULL, report INTEGER NOT NULL,
  seq INTEGER NOT NULL, type TEXT NOT NULL, lines TEXT NOT NULL, mx TEXT NOT NULL,
  successes INTEGER NOT NULL, failures INTEGER NOT NULL,
  PRIMARY KEY(domain, day, report, seq)) WITHOUT ROWID;
CREATE TABLE tls_failures(report INTEGER NOT NULL, seq INTEGER NOT NULL, part INTEGER NOT NULL,
  result TEXT NOT NULL, sending_ip TEXT NOT NULL, receiving_mx TEXT NOT NULL,
  receiving_ip TEXT NOT NULL, reason TEXT NOT NULL, sessions INTEGER NOT NULL,
  PRIMARY KEY(report, seq, part)) WITHOUT ROWID;
CREATE TABLE failures(id INTEGER PRIMARY KEY, identity BLOB NOT NULL UNIQUE, domain TEXT NOT NULL,
  day INTEGER NOT NULL, trust INTEGER NOT NULL, reporter TEXT NOT NULL, source BLOB NOT NULL,
  auth_failure TEXT NOT NULL, delivery TEXT NOT NULL, alignment TEXT NOT NULL,
  author TEXT NOT NULL, mail_from TEXT NOT NULL, rcpt_to TEXT NOT NULL, dkim_domain TEXT NOT NULL,
  dkim_selector TEXT NOT NULL, reporting_mta TEXT NOT NULL, incidents INTEGER NOT NULL);
CREATE INDEX failures_domain ON failures(domain, day);
CREATE TABLE pruned_failures(identity BLOB PRIMARY KEY) WITHOUT ROWID;)",
              use_a_labels},
    Migration{R"(CREATE TABLE answers(name TEXT NOT NULL, type TEXT NOT NULL,
  status INTEGER NOT NULL, vals BLOB NOT NULL, seen INTEGER NOT NULL,
  PRIMARY KEY(name, type)) WITHOUT ROWID;)"},
    // A store of that time does not know when its reports arrived. The days that they state are
    // the best that it has.
    Migration{R"(CREATE TABLE reporters(domain INTEGER NOT NULL, reporter INTEGER NOT NULL,
  first INTEGER NOT NULL, PRIMARY KEY(domain, reporter)) WITHOUT ROWID;
INSERT INTO reporters SELECT domain, reporter, min(begin) FROM reports WHERE trust=1
  GROUP BY domain, reporter;)"}};

Result<std::int64_t> version_of(Database& database) {
  TRY(Statement version, database.prepare("PRAGMA user_version"));
  TRY_OK(version.step());
  return version.integer(0);
}

/// Runs the missing migrations. The version is read again under the write lock, because another
/// process may have migrated the file in between.
Result<Ok> migrate(Database& database) {
  constexpr auto kCurrent = static_cast<std::int64_t>(kMigrations.size());
  TRY(std::int64_t version, version_of(database));
  if (version == kCurrent) return Ok{};
  // All steps are one transaction: an interrupted migration leaves the old version, and DDL in
  // SQLite is transactional as well.
  TRY_OK(database.run("BEGIN IMMEDIATE"));
  TRY(version, version_of(database));
  // A newer version may store what this one would misread or lose.
  if (version > kCurrent) {
    return Error{fmt::format("the store has version {}, made by a newer rampart", version)};
  }
  for (; version < kCurrent; ++version) {
    const Migration& migration = kMigrations[static_cast<std::size_t>(version)];
    TRY_OK(database.run(migration.before));
    if (migration.work != nullptr) TRY_OK(migration.work(database));
    TRY_OK(database.run(migration.after));
  }
  TRY_OK(database.run(fmt::format("PRAGMA user_version={}", kCurrent)));
  return database.run("COMMIT");
}

/// Settings of the connection. WAL lets readers work during an ingest; NORMAL loses at most the
/// last commits in a power cut, never half of one (see durability.cc).
Result<Ok> configure(Database& database) {
  // The page size and auto_vacuum have an effect only before the first table exists, so they come
  // first. A negative cache_size is in KiB: it is 16 MiB.
  for (const char* pragma :
       {"PRAGMA page_size=8192", "PRAGMA auto_vacuum=INCREMENTAL", "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-16384"}) {
    TRY_OK(database.run(pragma));
  }
  return Ok{};
}

}  // namespace

/// FNV-1a. It only finds candidates; the texts are compared, so collisions are harmless.
std::int64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return static_cast<std::int64_t>(hash);
}

Store::Store(Database database) : database_(std::move(database)) {}

Result<Store> Store::open(const std::string& path) {
  Result<Store> store = set_up(path);
  return store ? std::move(store) : within(path, store.error());
}

Result<Store> Store::set_up(const std::string& path) {
  TRY(Database database, Database::open(path));
  TRY_OK(configure(database));
  TRY_OK(migrate(database));
  // Statements are prepared last, because they name tables that a migration may have just made.
  Store store(std::move(database));
  TRY_OK(store.prepare());
  return store;
}

Result<Store> Store::open_existing(const std::string& path) {
  std::error_code none;
  // SQLite would create an empty store, and a mistyped path would look like a domain without mail.
  if (!std::filesystem::exists(path, none)) return Error{"there is no store of reports", path};
  return open(path);
}

Result<Ok> Store::prepare() {
  struct Sql {
    Statement Statements::*statement;
    const char* text;
  };
  static constexpr Sql kSql[] = {
      {&Statements::find_string, "SELECT id, text FROM strings WHERE hash=?"},
      {&Statements::add_string, "INSERT INTO strings(hash, text) VALUES(?, ?)"},
      {&Statements::string_of, "SELECT text FROM strings WHERE id=?"},
      {&Statements::find_report, "SELECT id, trust, reporter FROM reports WHERE identity=?"},
      {&Statements::add_report,
       "INSERT INTO reports(domain, begin, end, org, report_id, trust, reporter, policy, records, "
       "messages, contradictions, identity) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&Statements::update_report,
       "UPDATE reports SET trust=?2, reporter=?3, records=?4, messages=?5, contradictions=?6, "
       "identity=?7 WHERE id=?1"},
      {&Statements::raise_trust, "UPDATE reports SET trust=?2, reporter=?3, policy=?4 WHERE id=?1"},
      {&Statements::hear,
       "INSERT INTO reporters(domain, reporter, first) VALUES(?, ?, ?) "
       "ON CONFLICT DO UPDATE SET first=min(first, excluded.first)"},
      {&Statements::add_block, kAddBlock},
      {&Statements::blocks,
       "SELECT day, report, rows FROM blocks WHERE domain=? AND day BETWEEN ? AND ?"},
      {&Statements::report,
       "SELECT trust, reporter, org, report_id, begin, end, policy FROM reports WHERE id=?"},
      {&Statements::host, "SELECT host, seen FROM hosts WHERE ip=?"},
      {&Statements::add_host, "INSERT OR REPLACE INTO hosts(ip, host, seen) VALUES(?, ?, ?)"},
      {&Statements::answer, "SELECT status, vals, seen FROM answers WHERE name=? AND type=?"},
      {&Statements::add_answer,
       "INSERT OR REPLACE INTO answers(name, type, status, vals, seen) VALUES(?, ?, ?, ?, ?)"}};
  statements_ = std::make_shared<Statements>();
  for (const Sql& sql : kSql) {
    TRY((*statements_).*sql.statement, database_.prepare(sql.text));
  }
  return Ok{};
}

/// The number of a text, 0 where the store does not have it.
Result<std::int64_t> Store::find_string(std::string_view text) {
  Statement& find = statements_->find_string;
  find.bind(1, hash_of(text));
  Result<bool> row = find.step();
  std::int64_t id = 0;
  while (row && *row && id == 0) {
    if (find.text(1) == text) id = find.integer(0);
    if (id == 0) row = find.step();
  }
  find.reset();
  if (!row) return row.error();
  return id;
}

/// The number of a text, which is added where it is missing.
Result<std::int64_t> Store::intern(std::string_view text) {
  std::string key(text);
  const auto known = interned_.find(key);
  if (known != interned_.end()) return known->second;
  TRY(std::int64_t id, find_string(text));
  if (id == 0) {
    TRY_OK(statements_->add_string.bind(1, hash_of(text)).bind(2, text).run());
    id = database_.last_id();
  }
  // A domain under attack may have millions of different facts; the table in the database finds
  // those that are dropped here.
  if (interned_.size() >= kMostInterned) interned_.clear();
  interned_.emplace(std::move(key), id);
  return id;
}

Result<std::string> Store::string_of(std::int64_t id) {
  Statement& find = statements_->string_of;
  TRY(const bool found, find.bind(1, id).step());
  std::string text(found ? find.text(0) : std::string_view());
  find.reset();
  return text;
}

}  // namespace rampart::reports
