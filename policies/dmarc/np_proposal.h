/// np=reject where no mail needs names that do not exist.
#pragma once

#include "policies/model/plan.h"

namespace rampart {

/// Adds `np-reject` (Info) for every managed organizational domain whose names that do not exist
/// get less than reject, although the reports of the gates' window show no mail of its own from
/// such names: none that passes, that bears the domain's mark, that was forwarded or whose source
/// could not be looked up. The reports must meet the ramp's gates of evidence, messages and
/// reporters: silence proposes nothing. A name of which nothing shows that it exists counts as one
/// that does not.Receivers read np at the organizational domain
/// (RFC 9989 section 4.7); those of RFC 7489 ignore it.
void propose_np_reject(const Config& config, const World& world, Plan& plan);

}  // namespace rampart
