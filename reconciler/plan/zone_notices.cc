/// A notice becomes a finding only where the plan changes what it concerns: else there is nothing
/// to do.
#include "reconciler/plan/zone_notices.h"

#include <map>
#include <span>
#include <utility>

namespace rampart {
namespace {

CodeName code_of(ZoneNotice::Topic topic) {
  switch (topic) {
    case ZoneNotice::Topic::Journal:
      return "zone-journal";
    case ZoneNotice::Topic::Serial:
      return "zone-serial";
    case ZoneNotice::Topic::Record:
      return "occupied";
    case ZoneNotice::Topic::Locked:
      break;
  }
  return "record-locked";
}

/// Whether the notice is about what the change writes. A notice of one value is about a change that
/// removes it or writes its TTL: other values may come and go beside it.
bool concerns(const ZoneNotice& notice, const Change& change) {
  if (!notice.written) return true;
  const auto& before = change.set.before;
  const auto& after = change.set.after;
  const RecordType type = notice.written->type;
  if (change.name() != notice.written->name) return false;
  const bool writes = after && after->type == type;
  if (!notice.value) return writes;
  const bool held = before && before->type == type && before->set.values.contains(*notice.value);
  if (!held) return false;
  return !writes || !after->set.values.contains(*notice.value) || after->set.ttl != before->set.ttl;
}

/// The changes of one zone, also by name: a zone may have as many notices as records.
class ZoneChanges {
 public:
  void add(const Change& change) {
    at_name_[change.name()].push_back(&change);
    all_.push_back(&change);
  }

  /// The domains with changes that a notice concerns, and the keys that it may withhold there:
  /// those of changes that do not loosen enforcement.
  std::map<Name, std::vector<RecordKey>> keys_concerned(const ZoneNotice& notice) const {
    std::map<Name, std::vector<RecordKey>> concerned;
    for (const Change* change : candidates(notice)) {
      if (!concerns(notice, *change)) continue;
      std::vector<RecordKey>& keys = concerned[change->domain];
      if (change->stage != Stage::Relax) keys.push_back({change->name(), change->type()});
    }
    return concerned;
  }

 private:
  std::span<const Change* const> candidates(const ZoneNotice& notice) const {
    if (!notice.written) return all_;
    const auto found = at_name_.find(notice.written->name);
    if (found == at_name_.end()) return {};
    return found->second;
  }

  std::map<Name, std::vector<const Change*>> at_name_;
  std::vector<const Change*> all_;
};

/// By provider and apex; two providers may serve one zone.
std::map<std::pair<std::string, Name>, ZoneChanges> changes_by_zone(const Plan& plan) {
  std::map<std::pair<std::string, Name>, ZoneChanges> zones;
  for (const Change& change : plan.changes) zones[{change.provider, change.zone}].add(change);
  return zones;
}

}  // namespace

void report_zone_notices(const Config& config, const World& world, Plan& plan) {
  const auto changes = changes_by_zone(plan);
  for (const LiveZone& zone : world.zones) {
    const auto changed = changes.find({zone.provider, zone.apex});
    if (changed == changes.end()) continue;
    for (const ZoneNotice& notice : zone.notices) {
      for (const auto& [name, keys] : changed->second.keys_concerned(notice)) {
        const bool blocks = notice.blocks && !keys.empty();
        Finding finding =
            finding_of(config.domains.at(name), blocks ? Severity::Error : Severity::Warning,
                       code_of(notice.topic), notice.message, notice.hint);
        if (blocks) finding.withholds = keys;
        plan.findings.push_back(std::move(finding));
      }
    }
  }
}

}  // namespace rampart
