/// Notices of zones become findings only where something is changed: else there is nothing to do.
#include "reconciler/plan/zone_notices.h"

#include <map>

namespace rampart {
namespace {

CodeName code_of(ZoneNotice::Topic topic) {
  switch (topic) {
    case ZoneNotice::Topic::Journal:
      return "zone-journal";
    case ZoneNotice::Topic::Record:
      return "occupied";
    case ZoneNotice::Topic::Serial:
      break;
  }
  return "zone-serial";
}

/// The changes that a notice concerns, by domain. What loosens is never withheld, so that it is
/// left out; where nothing else is changed, the notice is no error.
std::map<Name, std::vector<RecordKey>> keys_concerned(const Plan& plan, const LiveZone& zone,
                                                      const ZoneNotice& notice) {
  std::map<Name, std::vector<RecordKey>> concerned;
  for (const Change& change : plan.changes) {
    if (change.zone != zone.apex || change.provider != zone.provider) continue;
    const auto& after = change.set.after;
    const bool written = after && notice.written == RecordKey{change.name(), after->type};
    if (notice.written && !written) continue;
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
