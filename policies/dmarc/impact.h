/// Impact: the mail of the gates' window, evaluated again as if the plan were written.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policies/model/plan.h"

namespace rampart {

/// The replays of a plan, and the domains for which evidence is missing; both sorted by domain.
struct Impacts {
  std::vector<Impact> known;
  std::vector<ImpactUnknown> unknown;
};

/// Replays every domain whose DMARC the plan tightens, whose SPF loses somebody, or that loses a
/// key; withheld changes count as written. `authority` says who loses what, those included.
///
/// A row loses DKIM where every selector that passed for it goes, and SPF where its source's terms
/// go. Mail that then passes by neither, forwarded mail too, gets what the planned record asks; of
/// the two generations of receivers, the one that is stricter is counted.
Impacts impact_of(const Plan& plan, std::span<const Authority> authority, const Config& config,
                  const World& world);

/// "18,204 messages: 18,094 pass before and after; 11 would be quarantined, all from 3 unknown
/// sources; 0 from declared senders".
std::string sentence(const Impact& impact);

}  // namespace rampart
