/// From wants and what stands to changes; strangers' values always survive.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "policies/model/plan.h"

namespace rampart {

/// What comparing one domain's wants at one zone came to.
struct DiffResult {
  std::vector<Change> changes;
  std::vector<Hold> holds;        ///< ns-disagree.
  std::vector<Finding> findings;  ///< occupied, hosted-elsewhere, unobservable.
  int unplaced = 0;               ///< Wants that could not become a change.
};

/// Compares the wants of `domain` with `zone`. A record changes only if its parsed meaning differs,
/// or, where `world.normalize` is set, its text.
DiffResult diff(const Domain& domain, std::span<const DesiredRecord> desired_records,
                const LiveZone& zone, const World& world);

/// The values that should stand: all we do not own, plus all we want there. A live value that
/// already says what a want says stays as it is written, unless `world.normalize`.
std::set<std::string> merge(const RecordKey& key, const std::set<std::string>& live,
                            std::span<const DesiredRecord> desired_records, const World& world);

/// Whether two values of one kind say the same (SPF by term, DMARC and DKIM by tag).
bool same_meaning(RecordKind kind, const std::string& a, const std::string& b);

/// Whether every foreign value of `before` stands in `after`. A change of type carries none.
bool strangers_survive(const SetChange& change);

}  // namespace rampart
