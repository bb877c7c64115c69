/// The store's statements, prepared once.
#pragma once

#include <optional>

#include "reports/store/store.h"

namespace rampart::reports {

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

/// Takes a store from rows that stand alone to blocks of them.
Result<Ok> pack_rows(Database& database);

}  // namespace rampart::reports
