/// The order of domains on their ramps: which ones must reach a position before another may.
#pragma once

#include <string>
#include <vector>

#include "policies/ramp/step.h"

namespace rampart {

/// A domain that must go first, and what is missing: "news.example.com is at quarantine at 10%".
struct AwaitedDomain {
  Name domain;
  std::string state;

  bool operator==(const AwaitedDomain&) const = default;
};

/// The domains of `order` that have not reached `position`, by their positions in the YAML. One at
/// its own target has nothing left to reach; parked and absent domains are waited for by nobody.
/// Sorted by name.
std::vector<AwaitedDomain> awaited_by(const Domain& domain, RampPosition position,
                                      const Config& config);

/// The same for a position that is to be published: their live records must be there too, or their
/// own changes may still be held. A domain that this run does not read is waited for.
std::vector<AwaitedDomain> awaited_live(const Domain& domain, RampPosition position,
                                        const Config& config, const World& world);

/// The gate of `order` for a step to `next`. A step that was only planned is not reached.
Gate order_gate(const Domain& domain, RampPosition next, const Config& config);

/// "news.example.com is at monitor, shop.example.com is at quarantine at 10%": the first few.
std::string to_text(const std::vector<AwaitedDomain>& awaited);

}  // namespace rampart
