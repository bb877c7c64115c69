/// Edits of a domain's position on its ramp.
#pragma once

#include <vector>

#include "reconciler/edit/edit.h"

namespace rampart {

/// A domain's new position, entered on `since`.
struct RampMove {
  Name domain;
  RampPosition to;
  Date since;

  bool operator==(const RampMove&) const = default;
};

/// The edits that write `moves` into the YAML: phase, pct and since where they change, in the
/// domain's own map. An absent pct means 100; a written one is kept, even if it becomes 100.
/// `defaults:` are never changed.
Result<std::vector<DomainEdit>> ramp_edits(const Config& config,
                                           const std::vector<RampMove>& moves);

}  // namespace rampart
