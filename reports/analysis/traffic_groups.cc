/// Sums rows into traffic groups.
#include "reports/analysis/traffic_groups.h"

#include <algorithm>
#include <unordered_map>

namespace rampart::reports {
namespace {

struct Key {
  spf::Ip ip;
  std::int64_t facts = 0;
  Trust trust = Trust::Asserted;

  bool operator==(const Key&) const = default;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    const std::string_view octets(reinterpret_cast<const char*>(key.ip.octets.data()),
                                  key.ip.octets.size());
    return std::hash<std::string_view>()(octets) ^
           std::hash<std::int64_t>()(key.facts * 2 + static_cast<int>(key.trust));
  }
};

/// The sum of one group.
struct Sum {
  std::int64_t messages = 0;
  std::vector<Date> days;
  bool contradicts = false;
};

class GroupReader {
 public:
  explicit GroupReader(Store& store) : store_(store), lookup_(store) {}

  Result<TrafficGroups> read(const Range& range) {
    TRY_OK(store_.for_each_row(range, [this](const StoredRow& row) { add(row); }));
    if (lookup_.problem()) return *lookup_.problem();
    for (auto& [key, sum] : sums_) {
      groups_.groups.push_back({key.ip, lookup_.facts(key.facts), key.facts, key.trust,
                                sum.messages, std::move(sum.days)});
    }
    std::ranges::sort(groups_.groups, [](const TrafficGroup& a, const TrafficGroup& b) {
      return std::tie(a.ip, a.trust, a.messages) < std::tie(b.ip, b.trust, b.messages);
    });
    TRY(groups_.daily, store_.daily(range));
    for (const DailySum& sum : groups_.daily) {
      add_reporter(sum.reporter, sum.trust);
      if (sum.contradictions > 0) groups_.contradictions[sum.reporter] += sum.contradictions;
    }
    return std::move(groups_);
  }

 private:
  void add(const StoredRow& row) {
    // Rows arrive report by report, so the report is looked up once per run of rows.
    if (row.report != report_id_ || report_ == nullptr) {
      report_id_ = row.report;
      report_ = &lookup_.report(row.report);
      add_reporter(report_->reporter, report_->trust);
    }
    const auto [at, added] = sums_.try_emplace({row.ip, row.facts, report_->trust});
    Sum& sum = at->second;
    if (added) sum.contradicts = lookup_.facts(row.facts)->contradicts;
    sum.messages += row.count;
    // Rows arrive in the order of their days.
    if (sum.days.empty() || sum.days.back() != row.day) sum.days.push_back(row.day);
    if (sum.contradicts) ++groups_.contradictions[report_->reporter];
  }

  void add_reporter(const std::string& reporter, Trust trust) {
    groups_.reporters.insert(reporter);
    if (trust == Trust::Verified) groups_.verified_reporters.insert(reporter);
  }

  Store& store_;
  StoreLookup lookup_;
  TrafficGroups groups_;
  std::unordered_map<Key, Sum, KeyHash> sums_;
  std::int64_t report_id_ = 0;
  const StoredReport* report_ = nullptr;  ///< Of the last row. Never moves within the lookup.
};

}  // namespace

Result<TrafficGroups> read_traffic_groups(Store& store, const Range& range) {
  return GroupReader(store).read(range);
}

}  // namespace rampart::reports
