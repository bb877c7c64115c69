/// A domain's traffic groups with their sources and categories: the input of every view of reports.
#pragma once

#include "reports/analysis/summary.h"

namespace rampart::reports {

/// The analysis of one domain and date range.
struct Analysis {
  Range range;
  TrafficGroups groups;
  std::map<spf::Ip, Source> sources;
  std::vector<Category> categories;  ///< Of groups.groups, in the same order.
};

/// Reads the range, looks host names up, and names every source.
Result<Analysis> analyse(Store& store, const Range& range, const NamingContext& context);

/// As analyse, over verified reports alone: asserted reports, which anyone may have written,
/// neither name a source nor decide what was forwarded.
Result<Analysis> analyse_verified(Store& store, const Range& range, const NamingContext& context);

/// The context for naming the sources of `domain` under this YAML.
NamingContext naming_of(const Config& config, const Name& domain, Time now, const Resolve& resolve);

}  // namespace rampart::reports
