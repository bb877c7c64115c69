/// Sums rows into traffic groups.
#include "reports/analysis/traffic_groups.h"

#include <algorithm>
#include <tuple>

namespace rampart::reports {
namespace {

/// Slots per group at least: more would waste memory, fewer would make searches long.
constexpr std::size_t kSlotsPerGroup = 2;
constexpr std::size_t kFirstSlots = 1024;

bool same_key(const TrafficGroup& a, const TrafficGroup& b) {
  // Numbers first: each is compared in one step.
  return a.facts_id == b.facts_id && a.trust == b.trust && a.counts == b.counts &&
         same_address(a.ip, b.ip);
}

std::size_t group_hash(const TrafficGroup& key) {
  const auto kind = static_cast<std::uint64_t>(key.trust) * 2 + (key.counts ? 1 : 0);
  return static_cast<std::size_t>(
      // Four values of the kind fit into two bits, so that the number and the kind share a word.
      mixed(IpHash()(key.ip), static_cast<std::uint64_t>(key.facts_id) * 4 + kind));
}

class GroupReader {
 public:
  GroupReader(Store& store, const GroupSelection& selection)
      : store_(store), selection_(selection), lookup_(store) {}

  Result<TrafficGroups> read(const Range& range) {
    TRY_OK(store_.for_each_row(range, [this](const StoredRow& row) { add(row); }));
    if (problem_) return *problem_;
    if (lookup_.problem()) return *lookup_.problem();
    // The sort moves every group; who searches them later builds an index of his own.
    index_ = {};
    std::ranges::sort(groups_.groups, [](const TrafficGroup& a, const TrafficGroup& b) {
      return std::tie(a.ip, a.trust, a.counts, a.facts_id) <
             std::tie(b.ip, b.trust, b.counts, b.facts_id);
    });
    groups_.facts = lookup_.all_facts();
    TRY(groups_.daily, store_.daily(range));
    std::erase_if(groups_.daily,
                  [this](const DailySum& sum) { return sum.trust < selection_.least; });
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
      counts_ = report_counts(*report_, selection_);
      if (report_->trust >= selection_.least) add_reporter(report_->reporter, report_->trust);
    }
    if (report_->trust < selection_.least) return;
    key_.ip = row.ip;
    key_.facts_id = static_cast<std::uint32_t>(row.facts);
    if (key_.facts_id != row.facts) problem_ = Error{"the store holds too many different texts"};
    key_.trust = report_->trust;
    key_.counts = counts_;
    const std::size_t at = index_.find_or_add(groups_.groups, key_);
    if (at == groups_.groups.size()) {
      groups_.groups.push_back(key_);
      groups_.groups.back().facts = lookup_.facts(row.facts).get();
      groups_.groups.back().first = row.day;
    }
    // Rows arrive in the order of their days.
    TrafficGroup& group = groups_.groups[at];
    group.last = row.day;
    group.messages += row.count;
    if (group.facts->contradicts) ++groups_.contradictions[report_->reporter];
  }

  void add_reporter(const std::string& reporter, Trust trust) {
    // Reporters under one organizational domain are one (contract section 4).
    const std::string& organization = domains_.of(reporter);
    groups_.reporters.insert(organization);
    if (trust == Trust::Verified) groups_.verified_reporters.insert(organization);
  }

  OrgDomains domains_;
  Store& store_;
  const GroupSelection& selection_;
  StoreLookup lookup_;
  TrafficGroups groups_;
  GroupIndex index_;  ///< Of the groups.
  std::optional<Error> problem_;
  TrafficGroup key_;  ///< Reused by add.
  std::int64_t report_id_ = 0;
  const StoredReport* report_ = nullptr;  ///< Of the last row. Never moves within the lookup.
  bool counts_ = false;                   ///< Of the same report.
};

}  // namespace

void GroupIndex::build(const std::vector<TrafficGroup>& groups) {
  std::size_t size = kFirstSlots;
  // With room for one more: find_or_add relies on it.
  while (size < (groups.size() + 1) * kSlotsPerGroup) size *= 2;
  slots_.assign(size, 0);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t at = group_hash(groups[i]) & (size - 1);
    while (slots_[at] != 0) at = (at + 1) & (size - 1);
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

std::size_t GroupIndex::find(const std::vector<TrafficGroup>& groups,
                             const TrafficGroup& key) const {
  if (slots_.empty()) return groups.size();
  std::size_t at = group_hash(key) & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (same_key(groups[slots_[at] - 1], key)) return slots_[at] - 1;
  }
  return groups.size();
}

std::size_t GroupIndex::find_or_add(const std::vector<TrafficGroup>& groups,
                                    const TrafficGroup& key) {
  if ((groups.size() + 1) * kSlotsPerGroup > slots_.size()) build(groups);
  std::size_t at = group_hash(key) & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (same_key(groups[slots_[at] - 1], key)) return slots_[at] - 1;
  }
  slots_[at] = static_cast<std::uint32_t>(groups.size() + 1);
  return groups.size();
}

bool report_counts(const StoredReport& report, const GroupSelection& selection) {
  return report.trust == Trust::Verified &&
         (!selection.counts || selection.counts(report.reporter));
}

Result<TrafficGroups> read_traffic_groups(Store& store, const Range& range,
                                          const GroupSelection& selection) {
  return GroupReader(store, selection).read(range);
}

}  // namespace rampart::reports
