/// The store's prepared statements, and the migration steps that SQL cannot do.
#pragma once

#include "reports/store/store.h"

namespace rampart::reports {

/// Prepared once per connection, because preparing costs more than running most of them. Their SQL
/// is in store.cc.
struct Store::Statements {
  Statement find_string;
  Statement add_string;
  Statement string_of;
  Statement find_report;
  Statement add_report;
  Statement update_report;
  Statement raise_trust;
  Statement hear;
  Statement add_block;
  Statement blocks;
  Statement report;
  Statement host;
  Statement add_host;
  Statement answer;
  Statement add_answer;
};

/// How many texts are held in memory, by number and by text.
constexpr std::size_t kMostInterned = 16'384;

/// Days are stored as their number since 1970.
inline std::int64_t number(Date day) { return day.time_since_epoch().count(); }
inline Date day_of(std::int64_t number) { return Date(std::chrono::days(number)); }

/// The hash by which the table of texts is searched. Stored: it may not change.
std::int64_t hash_of(std::string_view text);

/// A time as it is stored: seconds since 1970.
inline std::int64_t number(Time time) { return time.time_since_epoch().count(); }

/// Shared with the migration, which packs blocks before the store's own statements exist.
constexpr const char* kAddBlock =
    "INSERT INTO blocks(domain, day, report, part, rows) VALUES(?, ?, ?, ?, ?)";

/// Migrates a store whose policy domains may be in U-labels to A-labels, under which every reader
/// looks for them.
Result<Ok> use_a_labels(Database& database);

/// Migrates a store from one database row per record to blocks of many records.
Result<Ok> pack_rows(Database& database);

}  // namespace rampart::reports
