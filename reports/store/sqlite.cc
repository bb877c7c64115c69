/// The SQLite wrapper.
#include "reports/store/sqlite.h"

#include <sqlite3.h>

#include "base/lock.h"

namespace rampart::reports {
namespace {

/// Longer than any lock is held: another ingest holds it for one batch.
constexpr int kBusyMilliseconds = 120'000;

Error failure(sqlite3* open) {
  const int code = sqlite3_errcode(open);
  if (code != SQLITE_BUSY && code != SQLITE_LOCKED) return Error{sqlite3_errmsg(open)};
  // A lock is another process at work, so trying again later may succeed. In WAL mode the locks are
  // in the file beside the store.
  const char* const named = sqlite3_db_filename(open, "main");
  const std::string path = named == nullptr ? "" : named;
  std::string holder = lock_holder(path + "-shm");
  if (holder.empty()) holder = lock_holder(path);
  std::string why = sqlite3_errmsg(open);
  if (!holder.empty()) why += " by " + holder;
  return Error{std::move(why), "", true, false};
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(made_); }

/// A swap: the other one's destructor finalizes what this one held.
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(made_, other.made_);
  return *this;
}

Statement& Statement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(made_, at, value);
  return *this;
}

/// SQLITE_STATIC: SQLite does not copy the octets. The caller keeps them alive until the statement
/// has run, so blocks need no second copy.
Statement& Statement::bind(int at, std::string_view text) {
  sqlite3_bind_text(made_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_blob(int at, std::string_view octets) {
  sqlite3_bind_blob(made_, at, octets.data(), static_cast<int>(octets.size()), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(made_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const Error error = failure(sqlite3_db_handle(made_));
  sqlite3_reset(made_);
  return error;
}

Result<Ok> Statement::run() {
  Result<bool> more = step();
  while (more && *more) more = step();
  sqlite3_reset(made_);
  return more ? Result<Ok>(Ok{}) : more.error();
}

void Statement::reset() { sqlite3_reset(made_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(made_, column); }

std::string_view Statement::text(int column) const {
  // Not sqlite3_column_text: it would convert a blob, and needs the type to be known.
  const void* octets = sqlite3_column_blob(made_, column);
  if (octets == nullptr) return {};
  return {static_cast<const char*>(octets),
          static_cast<std::size_t>(sqlite3_column_bytes(made_, column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(made_, column) == SQLITE_NULL;
}

/// The v2 form waits for statements that are still open, so the order of destruction does not
/// matter.
void Database::Closer::operator()(sqlite3* open) const { sqlite3_close_v2(open); }

Result<Database> Database::open(const std::string& path) {
  sqlite3* made = nullptr;
  // NOMUTEX: a connection is never shared between threads.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &made, kFlags, nullptr);
  Database database(made);
  // Even a failed open may return a connection, which has the reason and must be closed.
  if (code != SQLITE_OK) return Error{made == nullptr ? "no memory" : sqlite3_errmsg(made)};
  sqlite3_busy_timeout(made, kBusyMilliseconds);
  return database;
}

Result<Ok> Database::run(const std::string& sql) {
  if (sqlite3_exec(open_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return Ok{};
  return failure(open_.get());
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(open_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  if (code != SQLITE_OK) return failure(open_.get());
  return Statement(made);
}

std::int64_t Database::changes() const { return sqlite3_changes64(open_.get()); }

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(open_.get()); }

}  // namespace rampart::reports
