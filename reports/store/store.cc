/// The store's file: its schema, its migrations, and the texts that it keeps once each.
#include "reports/store/store.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

/// Interned texts that are held in memory at most.
constexpr std::size_t kMostInterned = 16'384;

/// A step from one version to the next: SQL, what SQL cannot do, and SQL after it.
struct Migration {
  const char* before;
  Result<Ok> (*work)(Database&) = nullptr;
  const char* after = "";
};

/// One step a version: `user_version` counts those that were taken. The policy domain leads every
/// key, so that one domain's month lies together; no index stands on addresses, whose random order
/// would make small transactions several times slower.
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
              pack_rows, "DROP TABLE rows"}};

/// FNV-1a: only finds candidates, the text decides.
std::int64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return static_cast<std::int64_t>(hash);
}

Result<std::int64_t> version_of(Database& database) {
  Result<Statement> version = database.prepare("PRAGMA user_version");
  if (!version) return version.error();
  const Result<bool> row = version.value().step();
  if (!row) return row.error();
  return version->integer(0);
}

/// Takes the steps that are missing, each once, whoever else is opening the file.
Result<Ok> migrate(Database& database) {
  Result<std::int64_t> version = version_of(database);
  if (!version) return version.error();
  if (*version == static_cast<std::int64_t>(kMigrations.size())) return Ok{};
  if (Result<Ok> begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
  version = version_of(database);
  if (!version) return version.error();
  if (*version > static_cast<std::int64_t>(kMigrations.size())) {
    return Error{fmt::format("the store is of version {}, made by a newer rampart", *version)};
  }
  for (auto step = static_cast<std::size_t>(*version); step < kMigrations.size(); ++step) {
    const Migration& one = kMigrations[step];
    Result<Ok> done = database.run(one.before);
    if (done && one.work != nullptr) done = one.work(database);
    if (done) done = database.run(one.after);
    if (!done) return done;
  }
  if (Result<Ok> done = database.run(fmt::format("PRAGMA user_version={}", kMigrations.size()));
      !done) {
    return done;
  }
  return database.run("COMMIT");
}

}  // namespace

Store::Store(Database database) : database_(std::move(database)) {}

Result<Store> Store::open(const std::string& path) {
  Result<Database> database = Database::open(path, Access::ReadWrite);
  if (!database) return database.error();
  for (const char* pragma :
       {"PRAGMA page_size=8192", "PRAGMA auto_vacuum=INCREMENTAL", "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-16384"}) {
    if (Result<Ok> set = database.value().run(pragma); !set) return within(path, set.error());
  }
  if (Result<Ok> done = migrate(database.value()); !done) return within(path, done.error());
  Store store(std::move(database).value());
  if (Result<Ok> ready = store.prepare(); !ready) return within(path, ready.error());
  return store;
}

Result<Store> Store::open_existing(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return Error{"there is no store of reports", path};
  return open(path);
}

Result<Ok> Store::prepare() {
  constexpr std::array kSql = {
      "SELECT id, text FROM strings WHERE hash=?",
      "INSERT INTO strings(hash, text) VALUES(?, ?)",
      "SELECT text FROM strings WHERE id=?",
      "SELECT id, trust FROM reports WHERE identity=?",
      "INSERT INTO reports(domain, begin, end, org, report_id, trust, reporter, policy, records, "
      "messages, contradictions, identity) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      "UPDATE reports SET trust=?2, reporter=?3, records=?4, messages=?5, contradictions=?6, "
      "identity=?7 WHERE id=?1",
      "UPDATE reports SET trust=?2, reporter=?3 WHERE id=?1",
      "INSERT INTO blocks(domain, day, report, part, rows) VALUES(?, ?, ?, ?, ?)",
      "SELECT day, report, rows FROM blocks WHERE domain=? AND day BETWEEN ? AND ?",
      "SELECT trust, reporter, org, report_id, begin, end, policy FROM reports WHERE id=?",
      "SELECT host FROM hosts WHERE ip=? AND seen>=?",
      "INSERT OR REPLACE INTO hosts(ip, host, seen) VALUES(?, ?, ?)"};
  std::vector<Statement> made;
  for (const char* sql : kSql) {
    Result<Statement> one = database_.prepare(sql);
    if (!one) return one.error();
    made.push_back(std::move(one).value());
  }
  std::size_t at = 0;
  const auto next = [&]() -> Statement { return std::move(made[at++]); };
  // A braced list is evaluated from left to right.
  statements_ =
      std::shared_ptr<Statements>(new Statements{next(), next(), next(), next(), next(), next(),
                                                 next(), next(), next(), next(), next(), next()});
  return Ok{};
}

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

Result<std::int64_t> Store::intern(std::string_view text) {
  std::string key(text);
  const auto known = interned_.find(key);
  if (known != interned_.end()) return known->second;
  Result<std::int64_t> id = find_string(text);
  if (!id) return id;
  if (*id == 0) {
    Statement& add = statements_->add_string;
    if (Result<Ok> added = add.bind(1, hash_of(text)).bind(2, text).run(); !added) {
      return added.error();
    }
    id = database_.last_id();
  }
  if (interned_.size() >= kMostInterned) interned_.clear();
  interned_.emplace(std::move(key), *id);
  return id;
}

Result<std::string> Store::string_of(std::int64_t id) {
  Statement& find = statements_->string_of;
  const Result<bool> row = find.bind(1, id).step();
  if (!row) return row.error();
  std::string text(*row ? find.text(0) : std::string_view());
  find.reset();
  return text;
}

}  // namespace rampart::reports
