/// A domain's flows with their sources named: what every view of reports begins with.
#pragma once

#include "reports/analysis/summary.h"

namespace rampart::reports {

struct Analysis {
  Range range;
  TrafficGroups groups;
  std::map<spf::Ip, Source> sources;
  std::vector<Category> categories;  ///< Of flows.flows, in order.
};

/// Reads the range, looks host names up, and names every source.
Result<Analysis> analyse(Store& store, const Range& range, const NamingContext& context);

/// As analyse, over the flows of verified reports alone: what anybody may have written neither
/// names a source nor says what was forwarded.
Result<Analysis> analyse_verified(Store& store, const Range& range, const NamingContext& context);

/// What naming `domain` is done by, under this YAML.
NamingContext naming_of(const Config& config, const Name& domain, Time now, const Resolve& resolve);

}  // namespace rampart::reports
