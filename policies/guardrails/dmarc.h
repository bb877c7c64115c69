/// Guardrails over DMARC and DKIM: what a plan must not do to enforcement and to keys in use.
#pragma once

#include <vector>

#include "policies/guardrails/guardrails.h"

namespace rampart {

/// `ramp-jump`: more than one step of the ramp at once. Parked domains are exempt.
std::vector<Finding> ramp_jump(const Plan& plan, const Config& config, const World& world);

/// `reject-spf-only`: p=reject while a sender can align by SPF alone (RFC 9989 section 7.4).
std::vector<Finding> reject_spf_only(const Plan& plan, const Config& config, const World& world);

/// `reject-without-rua`: p=reject without an address for reports. Parked domains are exempt.
std::vector<Finding> reject_without_rua(const Plan& plan, const Config& config, const World& world);

/// `too-many-domains`: DMARC tightened or loosened in more domains than a ramp allows in one run.
std::vector<Finding> too_many_domains(const Plan& plan, const Config& config, const World& world);

/// `dkim-selector-removed`: a key in use that is removed, revoked or replaced in place.
std::vector<Finding> dkim_selector_removed(const Plan& plan, const Config& config,
                                           const World& world);

/// `governing-changes`: listed domains whose governing record or organizational domain the plan
/// changes for either generation of receivers, at their own `_dmarc` or at one above. Info where
/// the YAML asks for it or no record governed before, else a Warning.
std::vector<Finding> discovery_changes(const Plan& plan, const Config& config, const World& world);

}  // namespace rampart
