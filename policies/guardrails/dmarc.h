/// Guardrails on DMARC and DKIM: what a plan must not do to enforcement and to keys in use. Where
/// the plan does not tighten the policy, the findings on DMARC are Warnings.
#pragma once

#include <vector>

#include "policies/guardrails/guardrails.h"

namespace rampart {

/// `ramp-jump`: more than one step of the ramp at once. Parked domains are exempt.
std::vector<Finding> ramp_jump(const Plan& plan, const Config& config, const World& world);

/// `reject-spf-only`: p=reject while a declared sender that is not retired can align by SPF alone
/// (RFC 9989 section 7.4).
std::vector<Finding> reject_spf_only(const Plan& plan, const Config& config, const World& world);

/// `reject-without-rua`: p=reject without an address for reports. Parked domains are exempt.
std::vector<Finding> reject_without_rua(const Plan& plan, const Config& config, const World& world);

/// `too-many-domains`: DMARC tightened or loosened in more domains than a ramp allows in one run; a
/// Warning where it is loosened.
std::vector<Finding> too_many_domains(const Plan& plan, const Config& config, const World& world);

/// `dkim-selector-removed`: a key that is removed or revoked without proof that nothing signs with
/// it any more, or replaced in place.
std::vector<Finding> dkim_selector_removed(const Plan& plan, const Config& config,
                                           const World& world);

/// `alignment-loss` and `sub-domain-loss`: mail of reports that passes today and would fail under a
/// changed adkim, aspf, psd or a new record, and mail below the domain that a changed sp or np
/// would hit. Errors where more is hit than the ramp's min_legit_rate allows, or most of a declared
/// sender's mail; only reporters that count are read.
std::vector<Finding> mail_lost(const Plan& plan, const Config& config, const World& world);

/// `governing-changes`: domains of the YAML whose governing record or organizational domain the
/// plan changes for either generation of receivers, at their own `_dmarc` or at one above. Info
/// where the YAML declares that or no record governed before, else a Warning.
std::vector<Finding> discovery_changes(const Plan& plan, const Config& config, const World& world);

}  // namespace rampart
