/// Compares desired with live records. Foreign values survive every change, except a CNAME that
/// `take_over` permits to replace.
#pragma once

#include <span>
#include <vector>

#include "policies/model/plan.h"

namespace rampart {

/// The result of comparing one domain's desired records with one zone.
struct DiffResult {
  std::vector<Change> changes;
  std::vector<Hold> holds;  ///< `ns-disagree`.
  /// `occupied`, `occluded`, `zone-missing`, `hosted-elsewhere`, `unobservable`.
  std::vector<Finding> findings;
};

/// Compares the desired records of `domain` with `zone`. A record changes only if its parsed
/// meaning or a declared TTL differs, or, where `world.normalize` is set, its text.
DiffResult diff(const Domain& domain, std::span<const DesiredRecord> desired_records,
                const LiveZone& zone, const World& world);

/// The values after the change: those of the kinds that are not desired here, plus the desired
/// ones. A live value with the meaning of a desired one stays as it is written, unless
/// `world.normalize`.
ParsedValues merge(const ParsedValues& live, std::span<const DesiredRecord> desired_records,
                   const World& world);

/// Whether every foreign value of `before` is in `after`. A change of type keeps none. That from a
/// CNAME counts as surviving all the same: it is planned only where `take_over` permits it.
bool foreign_values_survive(const ParsedChange& change);

/// Adds `changes` to the plan. One that would lose a foreign value is withheld instead, with an
/// error finding `occupied`. The diff makes no such change; this verifies it.
void add_changes(std::vector<Change> changes, const Domain& domain, Plan& plan);

}  // namespace rampart
