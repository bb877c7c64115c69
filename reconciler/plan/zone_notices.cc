/// Notices of zones become findings only where something is changed: else there is nothing to do.
#include "reconciler/plan/zone_notices.h"

#include <map>
#include <tuple>

namespace rampart {
namespace {

CodeName code_of(ZoneNotice::Topic topic) {
  switch (topic) {
    case ZoneNotice::Topic::Journal:
      return "zone-journal";
    case ZoneNotice::Topic::Record:
      return "occupied";
    case ZoneNotice::Topic::Locked:
      return "record-locked";
    case ZoneNotice::Topic::Serial:
      break;
  }
  return "zone-serial";
}

/// Whether a change meets what the notice is about. A notice of one value leaves the rest of its
/// set free: other values may come and go beside it.
bool concerns(const ZoneNotice& notice, const Change& change) {
  if (!notice.written) return true;
  const auto& [before, after] = std::tie(change.set.before, change.set.after);
  const RecordType type = notice.written->type;
  if (change.name() != notice.written->name) return false;
  const bool writes = after && after->type == type;
  if (!notice.value) return writes;
  const bool held = before && before->type == type && before->set.values.contains(*notice.value);
  if (!held) return false;
  return !writes || !after->set.values.contains(*notice.value) || after->set.ttl != before->set.ttl;
}

/// The changes that a notice concerns, by domain. What loosens is never withheld, so that it is
/// left out; where nothing else is changed, the notice is no error.
std::map<Name, std::vector<RecordKey>> keys_concerned(const Plan& plan, const LiveZone& zone,
                                                      const ZoneNotice& notice) {
  std::map<Name, std::vector<RecordKey>> concerned;
  for (const Change& change : plan.changes) {
    if (change.zone != zone.apex || change.provider != zone.provider) continue;
    if (!concerns(notice, change)) continue;
    std::vector<RecordKey>& keys = concerned[change.domain];
    if (change.stage != Stage::Relax) keys.push_back({change.name(), change.type()});
  }
  return concerned;
}

}  // namespace

void report_zone_notices(const Config& config, const World& world, Plan& plan) {
  for (const LiveZone& zone : world.zones) {
    for (const ZoneNotice& notice : zone.notices) {
      for (const auto& [name, keys] : keys_concerned(plan, zone, notice)) {
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
