/// Folds verified reports into Evidence (policies/model/evidence.h), and writes it to a small file
/// for CI runners, which have no store.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "policies/model/evidence.h"
#include "reports/analysis/analysis.h"

namespace rampart::reports {

/// How far back evidence goes: longer than any gate's window and the 90 days after which a sender
/// counts as unused.
constexpr std::chrono::days kEvidenceDays{200};

/// Whose overrides count for a domain; an empty function means every verified reporter's.
using CountsFor = std::function<std::function<bool(const std::string& reporter)>(const Name&)>;

/// How evidence is folded.
struct FoldOptions {
  CountsFor counts = {};
  LookupLimits lookups = {};
  /// How many addresses of a domain are listed (kMostListedAddresses).
  std::size_t most_addresses = kMostListedAddresses;
};

/// The verified rows of the YAML's domains, or of every domain where the YAML has none. Host names
/// that the store does not know yet are looked up by `resolve`. The cost is linear in rows, and the
/// result's size does not depend on how many addresses an outsider uses.
Result<Evidence> fold(Store& store, const Config& config, Time now, const Resolve& resolve,
                      const FoldOptions& options = {});

/// {"evidence_version": 2, "newest": ..., "rows": [...], "heard": [...]}, one element per line.
std::string evidence_to_json(const Evidence& evidence);
/// Reads what evidence_to_json wrote, by this or an earlier version. An Error names the row that is
/// malformed.
Result<Evidence> evidence_from_json(std::string_view text);

}  // namespace rampart::reports
