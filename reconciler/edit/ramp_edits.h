/// Where a domain stands on its ramp, written into the YAML in place.
#pragma once

#include <vector>

#include "reconciler/edit/edit.h"

namespace rampart {

/// A domain's new rung, entered on `since`.
struct RampMove {
  Name domain;
  RampPosition to;
  Date since;

  bool operator==(const RampMove&) const = default;
};

/// The edits that write `moves` into the YAML: phase, pct and since where they change, in the
/// domain's own map. An absent pct means 100; one that stands stays. `defaults:` are never changed.
Result<std::vector<DomainEdit>> ramp_edits(const Config& config,
                                           const std::vector<RampMove>& moves);

}  // namespace rampart
