/// Collects the data of a dashboard: from the report store, or from an evidence file.
#pragma once

#include "cli/dashboard/dashboard.h"
#include "reports/analysis/summary.h"
#include "reports/store/store.h"

namespace rampart {

/// The context for naming sources of mail.
struct DashboardNaming {
  const Config& config;
  Time now;
  reports::Resolve resolve;
  const reports::ReverseDnsMap& owners;
  std::shared_ptr<reports::NamingCache> cache;  ///< Shared by all domains.
  reports::LookupLimits lookups = {};
};

/// One domain's mail in the dashboard's range, from all reports of the store.
Result<DashboardDomain> domain_by_store(reports::Store& store, const Name& name,
                                        const DashboardNaming& naming, const Dashboard& dashboard);

/// The same from an evidence file, which has verified reports only.
DashboardDomain domain_by_evidence(const Evidence& evidence, const Name& name, const Config& config,
                                   const Dashboard& dashboard);

/// Adds the domain's stage by the YAML, and the next step of its ramp.
void add_policy(DashboardDomain& page, const Name& name, const Config& config, const World& world);

}  // namespace rampart
