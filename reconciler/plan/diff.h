/// Compares desired with live records; foreign values always survive a change.
#pragma once

#include <span>
#include <vector>

#include "policies/model/plan.h"

namespace rampart {

/// The result of comparing one domain's desired records with one zone.
struct DiffResult {
  std::vector<Change> changes;
  std::vector<Hold> holds;        ///< ns-disagree.
  std::vector<Finding> findings;  ///< occupied, occluded, hosted-elsewhere, unobservable.
  int unplaced = 0;               ///< Keys whose desired records could not become a change.
};

/// Compares the desired records of `domain` with `zone`. A record changes only if its parsed
/// meaning differs, or, where `world.normalize` is set, its text.
DiffResult diff(const Domain& domain, std::span<const DesiredRecord> desired_records,
                const LiveZone& zone, const World& world);

/// The values after the change: all foreign ones, plus the desired ones. A live value with the
/// meaning of a desired one stays as it is written, unless `world.normalize`.
ParsedValues merge(const ParsedValues& live, std::span<const DesiredRecord> desired_records,
                   const World& world);

/// Whether every foreign value of `before` is in `after`. A change of type keeps none.
bool foreign_values_survive(const ParsedChange& change);

/// Adds `changes` to the plan. One that would lose another party's value is withheld instead, with
/// an error finding `occupied`: the diff keeps such values, and here that is verified.
void add_changes(std::vector<Change> changes, const Domain& domain, Plan& plan);

}  // namespace rampart
