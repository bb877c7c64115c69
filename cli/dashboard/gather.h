/// Fills a dashboard from what there is: the store, or the evidence file of runners that keep no
/// store.
#pragma once

#include "cli/dashboard/dashboard.h"
#include "reports/analysis/analysis.h"
#include "reports/store/store.h"

namespace rampart {

/// What naming sources takes, beside the domain.
struct DashboardNaming {
  const Config& config;
  Time now;
  reports::Resolve resolve;
  const reports::ReverseDnsMap& owners;
};

/// One domain's mail within a dashboard's days, by all reports of the store.
Result<DashboardDomain> domain_by_store(reports::Store& store, const Name& name,
                                        const DashboardNaming& naming, const Dashboard& dashboard);

/// The same by verified reports alone.
DashboardDomain domain_by_evidence(const Evidence& evidence, const Name& name, const Config& config,
                                   const Dashboard& dashboard);

/// Adds what the YAML says of the domain, and what its ramp does next.
void add_policy(DashboardDomain& page, const Name& name, const Config& config, const World& world);

}  // namespace rampart
