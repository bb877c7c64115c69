/// The guardrails on SPF records. Each compares the live record with the one that the plan leaves,
/// in every zone of every domain whose SPF record is ours. A fault that the plan creates or worsens
/// is an Error, one that exists already a Warning.
#pragma once

#include <vector>

#include "policies/guardrails/guardrails.h"
#include "policies/spf/cases.h"

namespace rampart {

/// The rules on one record (policies/rules/spf.h): `spf-all`, `spf-length`, `spf-lookups`,
/// `spf-lookups-near`, `spf-ptr`, `spf-unresolved` and `spf-voids`.
std::vector<Finding> spf_rules(const Plan& plan, const Config& config, const World& world);

/// `spf-wide`: more than 65,536 IPv4 addresses (or an IPv6 /24) more than before, catalogue senders
/// not counted.
std::vector<Finding> spf_wide(const Plan& plan, const Config& config, const World& world);

/// `spf-fragment-missing`: an include of one of the domain's own fragments (`_spf1`, `_spf2`, ...)
/// that is neither live nor written by the plan.
std::vector<Finding> spf_fragment_missing(const Plan& plan, const Config& config,
                                          const World& world);

/// `spf-sender-removed` and `spf-term-removed`: who could send before and cannot after.
std::vector<Finding> spf_removed(const Plan& plan, const Config& config, const World& world);

/// `authority-wide`: everybody or far too many pass by what the record includes, or a term decides
/// for each message; and a vendor that admits much more than spf.lock knows.
std::vector<Finding> authority_wide(const Plan& plan, const Config& config, const World& world);

/// A finding about the case's record, marked where the YAML declares it.
Finding spf_finding(const SpfCase& item, rules::Fault fault);

/// The same, as an Error that withholds the change of the record.
Finding spf_refusal(const SpfCase& item, rules::Fault fault);

}  // namespace rampart
