/// The store's prepared statements, and the one migration step that SQL cannot do.
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
  Statement add_block;
  Statement blocks;
  Statement report;
  Statement host;
  Statement add_host;
};

/// Shared with the migration, which packs blocks before the store's own statements exist.
constexpr const char* kAddBlock =
    "INSERT INTO blocks(domain, day, report, part, rows) VALUES(?, ?, ?, ?, ?)";

/// Migrates a store from one database row per record to blocks of many records.
Result<Ok> pack_rows(Database& database);

}  // namespace rampart::reports
