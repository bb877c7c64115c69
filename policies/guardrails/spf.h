/// The guardrails on SPF records. Each compares what stands with what the plan leaves standing, in
/// every zone of every domain whose SPF record is ours; a fault that the plan neither creates nor
/// worsens is a Warning.
#pragma once

#include <vector>

#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

/// `spf-all`: a record that lets everybody pass.
std::vector<Finding> spf_all(const Plan& plan, const Config& config, const World& world);

/// `spf-wide`: more than 65,536 IPv4 addresses (or an IPv6 /24) more than before, catalogue senders
/// aside.
std::vector<Finding> spf_wide(const Plan& plan, const Config& config, const World& world);

/// `spf-ptr`: the ptr mechanism (RFC 7208 section 5.5).
std::vector<Finding> spf_ptr(const Plan& plan, const Config& config, const World& world);

/// `spf-lookups` and `spf-lookups-near`: the limit of ten (RFC 7208 section 4.6.4).
std::vector<Finding> spf_lookups(const Plan& plan, const Config& config, const World& world);

/// `spf-voids`: a third name that leads nowhere (RFC 7208 section 4.6.4).
std::vector<Finding> spf_voids(const Plan& plan, const Config& config, const World& world);

/// `spf-length`: too long for a plain UDP answer (RFC 7208 section 3.4).
std::vector<Finding> spf_length(const Plan& plan, const Config& config, const World& world);

/// `spf-unresolved`: an include that has no usable record just now.
std::vector<Finding> spf_unresolved(const Plan& plan, const Config& config, const World& world);

/// `spf-fragment-missing`: an own `_spf1`, `_spf2`, ... that is included and will not stand.
std::vector<Finding> spf_fragment_missing(const Plan& plan, const Config& config,
                                          const World& world);

/// `spf-sender-removed` and `spf-term-removed`: who could send before and cannot after.
std::vector<Finding> spf_removed(const Plan& plan, const Config& config, const World& world);

}  // namespace rampart
