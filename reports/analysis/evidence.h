/// Folds verified reports into Evidence (policies/model/evidence.h), and writes it to a small file
/// for runners that keep nothing.
#pragma once

#include <string>
#include <string_view>

#include "policies/model/evidence.h"
#include "reports/analysis/analysis.h"

namespace rampart::reports {

/// How far back evidence goes: beyond any gate's window and the 90 days of an unused sender.
constexpr std::chrono::days kEvidenceDays{200};

/// The verified rows of the YAML's domains, or of every domain where the YAML has none.
Result<Evidence> fold(Store& store, const Config& config, Time now, const Resolve& resolve);

/// {"evidence_version": 1, "newest": ..., "rows": [...]}, one row a line.
std::string evidence_to_json(const Evidence& evidence);
Result<Evidence> evidence_from_json(std::string_view text);

}  // namespace rampart::reports
