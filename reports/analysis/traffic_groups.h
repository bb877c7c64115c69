/// The mail of one domain and date range, summed by address and facts.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "reports/store/store.h"

namespace rampart::reports {

/// Messages from one address with equal facts, in reports of one trust.
struct TrafficGroup {
  spf::Ip ip;
  std::shared_ptr<const Facts> facts;
  std::int64_t facts_id = 0;  ///< The store's number of these facts.
  Trust trust = Trust::Asserted;
  std::int64_t messages = 0;
  std::vector<Date> days;  ///< On which they were reported, in order.
};

/// All groups of one range.
struct TrafficGroups {
  std::vector<TrafficGroup> groups;  ///< Sorted by address.
  std::set<std::string> reporters;
  std::set<std::string> verified_reporters;
  std::map<std::string, std::int64_t> contradictions;  ///< Rows, by reporter.
  std::vector<DailySum> daily;  ///< Sums of pruned rows, which have no address.
};

/// Reads the range from the store; an Error where the store cannot be read.
Result<TrafficGroups> read_traffic_groups(Store& store, const Range& range);

}  // namespace rampart::reports
