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

/// Replays every domain whose DMARC the plan tightens or realigns, or that loses SPF terms or a
/// key; withheld changes count as written, and `authority` must include what they remove.
///
/// A row passes by the domains for which it passed, under the planned modes; not by DKIM where all
/// its selectors are lost, nor by SPF where its source's terms are. Mail that fails, forwarded mail
/// too, gets the planned treatment, of the two generations of receivers the stricter one.
Impacts impact_of(const Plan& plan, std::span<const Authority> authority, const Config& config,
                  const World& world);

/// The impact in one sentence: "18,204 messages: 18,094 pass before and after; 11 would be
/// quarantined, all from 3 unknown sources; none from declared senders".
std::string sentence(const Impact& impact);

}  // namespace rampart
