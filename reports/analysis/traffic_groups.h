/// The mail of one domain and date range, summed by address and facts.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "reports/analysis/address_table.h"
#include "reports/store/store.h"

namespace rampart::reports {

/// A day in four octets. It converts to Date and from it.
using ShortDate =
    std::chrono::time_point<std::chrono::system_clock,
                            std::chrono::duration<std::int32_t, std::chrono::days::period>>;

/// Messages from one address with equal facts, in reports of equal weight. An outsider may make
/// millions of groups, so that the order of the members is that which takes the fewest octets.
struct TrafficGroup {
  spf::Ip ip;
  Trust trust = Trust::Asserted;
  bool counts = false;  ///< Verified, by a reporter whose word about forwarding counts.
  ShortDate first;      ///< The first and the last day on which they were reported.
  ShortDate last;
  std::uint32_t facts_id = 0;    ///< The store's number of these facts.
  const Facts* facts = nullptr;  ///< Not owned.
  std::int64_t messages = 0;
};
static_assert(sizeof(TrafficGroup) == 48);

/// Finds a group by its key in constant time, with four octets per group: a domain may have
/// millions of addresses. Valid until the groups change.
class GroupIndex {
 public:
  /// Indexes all groups.
  void build(const std::vector<TrafficGroup>& groups);
  /// The index of the group with this key, or groups.size().
  std::size_t find(const std::vector<TrafficGroup>& groups, const TrafficGroup& key) const;
  /// As find; a missing key becomes the index of the next group to be added.
  std::size_t find_or_add(const std::vector<TrafficGroup>& groups, const TrafficGroup& key);

 private:
  std::vector<std::uint32_t> slots_;  ///< Open addressing; index + 1, 0 where empty.
};

/// All groups of one range.
struct TrafficGroups {
  std::vector<TrafficGroup> groups;                 ///< Sorted by address.
  std::vector<std::shared_ptr<const Facts>> facts;  ///< Owns what the groups point to.
  std::set<std::string> reporters;
  std::set<std::string> verified_reporters;
  std::map<std::string, std::int64_t> contradictions;  ///< Rows, by reporter.
  std::vector<DailySum> daily;  ///< Sums of pruned rows, which have no address.
};

/// Which reports are read: those of this trust or more, and whose overrides count. An empty
/// `counts` means every verified reporter.
struct GroupSelection {
  Trust least = Trust::Asserted;
  std::function<bool(const std::string& reporter)> counts;
};

/// Whether an override by this report counts.
bool report_counts(const StoredReport& report, const GroupSelection& selection);

/// Reads the range from the store; an Error where the store cannot be read.
Result<TrafficGroups> read_traffic_groups(Store& store, const Range& range,
                                          const GroupSelection& selection);

}  // namespace rampart::reports
