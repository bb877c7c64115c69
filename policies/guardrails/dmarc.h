/// Guardrails over DMARC and DKIM: what a plan must not do to enforcement and to keys in use.
#pragma once

#include <vector>

#include "policies/guardrails/guardrails.h"

namespace rampart {

/// More than one step of the ladder at once; parked domains are exempt.
std::vector<Finding> ramp_jump(const Plan& plan, const Config& config, const World& world);

/// p=reject while a sender can align by SPF alone (RFC 9989 section 7.4).
std::vector<Finding> reject_spf_only(const Plan& plan, const Config& config, const World& world);

/// p=reject with nobody reading reports; parked domains are exempt.
std::vector<Finding> reject_without_rua(const Plan& plan, const Config& config, const World& world);

/// Enforcement tightened or loosened in more domains than a ramp allows in one run.
std::vector<Finding> too_many_domains(const Plan& plan, const Config& config, const World& world);

/// A key in use that is removed, revoked or replaced in its place.
std::vector<Finding> dkim_selector_removed(const Plan& plan, const Config& config,
                                           const World& world);

/// Listed domains whose governing record or organizational domain the plan moves, by either
/// generation of receivers: by their own `_dmarc` or by one above. Info where that is what the YAML
/// asks for or where nothing governed before, else a Warning.
std::vector<Finding> discovery_changes(const Plan& plan, const Config& config, const World& world);

}  // namespace rampart
