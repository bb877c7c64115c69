/// Senders that cannot sign as a domain yet.
#pragma once

#include "policies/model/policy.h"

namespace rampart {

/// `dkim-missing`: the sender's key or CNAMEs are not published and nothing in the YAML makes them.
void report_keyless(const Domain& domain, const World& world, const SenderUse& use,
                    PolicyResult& policy_result);

}  // namespace rampart
