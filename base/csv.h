/// Cells of comma-separated values.
#pragma once

#include <string>

namespace rampart {

/// A cell as RFC 4180 section 2 writes it. What a spreadsheet would take for a formula gets an
/// apostrophe in front, because strangers choose these texts.
std::string csv_cell(std::string text);

}  // namespace rampart
