/// A thin cover over SQLite, so that its header stands in one file.
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
  explicit Statement(sqlite3_stmt* made) : made_(made) {}
  ~Statement();
  Statement(Statement&& other) noexcept : made_(std::exchange(other.made_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept;

  /// Bound text must outlive the next step.
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, std::string_view text);
  Statement& bind_blob(int at, std::string_view octets);

  /// True where a row stands ready.
  Result<bool> step();
  /// Runs to the end and is ready to be bound again.
  Result<Ok> run();
  void reset();

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  ///< Also a blob's octets.
  bool is_null(int column) const;

 private:
  sqlite3_stmt* made_;
};

enum class Access { ReadWrite, ReadOnly };

/// An open database.
class Database {
 public:
  static Result<Database> open(const std::string& path, Access access);

  Result<Ok> run(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  std::int64_t last_id() const;
  std::int64_t changes() const;

 private:
  struct Closer {
    void operator()(sqlite3* open) const;
  };
  explicit Database(sqlite3* open) : open_(open) {}
  std::unique_ptr<sqlite3, Closer> open_;
};

}  // namespace rampart::reports
