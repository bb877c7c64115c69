/// Rows summed into flows.
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

/// What is summed while rows stream by.
struct Sum {
  std::int64_t messages = 0;
  std::vector<Date> days;
  bool contradicts = false;
};

class Summer {
 public:
  explicit Summer(Store& store) : store_(store) {}

  Result<TrafficGroups> read(const Range& range) {
    std::unordered_map<Key, Sum, KeyHash> sums;
    std::int64_t last_report = -1;
    Trust trust = Trust::Asserted;
    const Result<Ok> read = store_.for_each_row(range, [&](const StoredRow& row) {
      if (row.report != last_report) {
        trust = trust_of(row.report);
        last_report = row.report;
      }
      const auto [at, fresh] = sums.try_emplace({row.ip, row.facts, trust});
      Sum& sum = at->second;
      if (fresh) sum.contradicts = contradicts(row.facts);
      sum.messages += row.count;
      // Rows come in the order of their days.
      if (sum.days.empty() || sum.days.back() != row.day) sum.days.push_back(row.day);
      if (sum.contradicts) ++flows_.contradictions[reports_[row.report].reporter];
    });
    if (!read) return read.error();
    if (problem_) return *problem_;
    for (auto& [key, sum] : sums) {
      flows_.groups.push_back(
          {key.ip, facts_[key.facts], key.facts, key.trust, sum.messages, std::move(sum.days)});
    }
    std::ranges::sort(flows_.groups, [](const TrafficGroup& a, const TrafficGroup& b) {
      return std::tie(a.ip, a.trust, a.messages) < std::tie(b.ip, b.trust, b.messages);
    });
    Result<std::vector<DailySum>> daily = store_.daily(range);
    if (!daily) return daily.error();
    flows_.daily = std::move(daily).value();
    for (const DailySum& sum : flows_.daily) {
      flows_.reporters.insert(sum.reporter);
      if (sum.trust == Trust::Verified) flows_.verified_reporters.insert(sum.reporter);
      if (sum.contradictions > 0) flows_.contradictions[sum.reporter] += sum.contradictions;
    }
    return std::move(flows_);
  }

 private:
  Trust trust_of(std::int64_t id) {
    const auto [at, fresh] = reports_.try_emplace(id);
    if (fresh) {
      Result<StoredReport> report = store_.report(id);
      if (!report) {
        problem_ = report.error();
      } else {
        at->second = std::move(report).value();
        flows_.reporters.insert(at->second.reporter);
        if (at->second.trust == Trust::Verified) {
          flows_.verified_reporters.insert(at->second.reporter);
        }
      }
    }
    return at->second.trust;
  }

  bool contradicts(std::int64_t id) {
    std::shared_ptr<const Facts>& facts = facts_[id];
    if (!facts) {
      Result<Facts> read = store_.facts(id);
      if (!read) problem_ = read.error();
      facts = std::make_shared<Facts>(read ? std::move(read).value() : Facts());
    }
    return facts->contradicts;
  }

  Store& store_;
  TrafficGroups flows_;
  std::unordered_map<std::int64_t, StoredReport> reports_;
  std::unordered_map<std::int64_t, std::shared_ptr<const Facts>> facts_;
  std::optional<Error> problem_;
};

}  // namespace

Result<TrafficGroups> read_traffic_groups(Store& store, const Range& range) {
  return Summer(store).read(range);
}

}  // namespace rampart::reports
