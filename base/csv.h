/// Cells of comma-separated values.
#pragma once

#include <string>

namespace rampart {

/// `text` as a cell of RFC 4180 section 2. Text that a spreadsheet would run as a formula gets an
/// apostrophe in front, and the rest is `printable`, because these texts come from third parties.
std::string csv_cell(const std::string& text);

}  // namespace rampart
