/// A thin wrapper around SQLite, so that one file includes its header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rampart::reports {

/// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
 public:
  /// An empty statement: only good for being assigned to.
  Statement() = default;
  /// Owns `made`.
  explicit Statement(sqlite3_stmt* made) : made_(made) {}
  ~Statement();
  Statement(Statement&& other) noexcept : made_(std::exchange(other.made_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept;

  /// Binds a value; bound text must outlive the next step.
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, std::string_view text);
  Statement& bind_blob(int at, std::string_view octets);
  /// Binds texts and numbers to the parameters from 1 on.
  template <class... Values>
  Statement& bind_all(const Values&... values) {
    int at = 0;
    (bind(++at, values), ...);
    return *this;
  }

  /// Advances to the next row; false where there is none.
  Result<bool> step();
  /// Runs to the end and resets.
  Result<Ok> run();
  /// Ends a query before its last row, so that it can be bound again.
  void reset();

  /// The columns of the row; text is valid until the next step or reset.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  ///< Also a blob's octets.
  bool is_null(int column) const;

 private:
  sqlite3_stmt* made_ = nullptr;
};

/// An open database. Errors are retryable where another process holds a lock.
class Database {
 public:
  /// Opens the file, which is created where it is missing.
  static Result<Database> open(const std::string& path);

  /// Runs one or more statements that return no rows.
  Result<Ok> run(const std::string& sql);
  /// Prepares one statement that is used many times.
  Result<Statement> prepare(std::string_view sql);
  /// How many rows the last statement changed.
  std::int64_t changes() const;
  /// The row id of the last INSERT.
  std::int64_t last_id() const;

 private:
  struct Closer {
    void operator()(sqlite3* open) const;
  };
  explicit Database(sqlite3* open) : open_(open) {}
  std::unique_ptr<sqlite3, Closer> open_;
};

}  // namespace rampart::reports
