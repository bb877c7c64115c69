/// Guardrails over the names that records refer to: what a plan must not begin to depend on.
#pragma once

#include <vector>

#include "policies/guardrails/guardrails.h"
#include "policies/spf/cases.h"

namespace rampart {

/// Whether a zone that was read holds a record at `key`, or what answers for it there: a CNAME, the
/// other family of an address, a wildcard. Its servers say so, whatever a resolver has cached.
bool is_in_zones(const World& world, const Domain& domain, const RecordKey& key);

/// `name-dangling` and `takeover` of the names in an SPF record, and `mx-null-sender`.
void check_names(const SpfCase& item, const World& world, std::vector<Finding>& found);

/// `report-undeliverable` and `takeover` of the domains of report addresses.
std::vector<Finding> report_hosts(const Plan& plan, const Config& config, const World& world);

}  // namespace rampart
