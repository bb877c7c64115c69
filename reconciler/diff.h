/// From wants and what stands to changes; and the set written: strangers' values always survive.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "policies/plan.h"

namespace rampart {

/// What comparing one domain's wants at one zone came to.
struct DiffResult {
  std::vector<Change> changes;
  std::vector<Finding> findings;  ///< occupied, hosted-elsewhere, unobservable, ns-disagree, ...
  int unplaced = 0;               ///< Wants that could not be compared at all.
};

/// Compares the wants of `domain` with `zone`. A record changes only if its parsed meaning differs.
DiffResult diff(const Domain& domain, std::span<const Want> wants, const LiveZone& zone);

/// The values that should stand: all we do not own, plus all we want there.
std::set<std::string> merge(const RecordKey& key, const std::set<std::string>& live,
                            std::span<const Want> wants);

/// Whether two values of one kind say the same (SPF by term, DMARC and DKIM by tag).
bool same_meaning(RecordKind kind, const std::string& a, const std::string& b);

/// Asserts that every foreign value of `before` stands in `after`, type changes aside.
bool strangers_survive(const SetChange& change);

}  // namespace rampart
