/// A domain whose DKIM keys another tool keeps: they are never changed.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// The declared senders that no selector has a key for, as information. No desired record, so that
/// no change can come of it.
PolicyResult unmanaged_dkim(const Domain& domain, const World& world);

}  // namespace rampart
