/// Converts between ramp positions and DMARC records.
#include "policies/ramp/ramp.h"

#include <algorithm>

namespace rampart {

dmarc::Policy policy_of(Phase phase) {
  if (phase == Phase::Reject) return dmarc::Policy::Reject;
  return phase == Phase::Quarantine ? dmarc::Policy::Quarantine : dmarc::Policy::None;
}

dmarc::Record record_for(const DmarcSpec& spec) {
  dmarc::Record record;
  record.p = policy_of(spec.position.phase);
  record.sp = spec.sp;
  record.np = spec.np;
  record.adkim = spec.adkim;
  record.aspf = spec.aspf;
  record.fo = spec.fo;
  record.rua = spec.rua;
  record.ruf = spec.ruf;
  record.psd = spec.psd;
  const RampMode mode = spec.ramp->mode;
  // pct and t have a meaning from quarantine on only.
  const bool partial = spec.position.phase >= Phase::Quarantine && spec.position.pct < 100;
  if (!partial || mode == RampMode::PolicyOnly) return record;
  record.pct = spec.position.pct;
  // RFC 9989 section 4.7: t=y keeps receivers that ignore pct one level below the policy.
  if (mode == RampMode::Compat) record.testing = true;
  return record;
}

// Records written by hand have a position too, so that a ramp can begin anywhere.
RampPosition position_of(const dmarc::Record& record) {
  const auto strength = dmarc::strength_of(record);
  if (strength.policy == 0) return {Phase::Monitor, 100};
  const Phase phase = strength.policy == 2 ? Phase::Reject : Phase::Quarantine;
  // pct=0 still requests more than the weaker policy, and no position has pct 0: it counts as 1.
  const int pct = record.pct ? std::max(strength.pct, 1) : (strength.testing ? 1 : 100);
  return {phase, pct};
}

// Counts steps above `from` rather than subtracting indexes: a position set by hand between two
// steps has no index, and is one step from the next.
int steps_between(const Ramp& ramp, std::optional<RampPosition> from, RampPosition to) {
  return static_cast<int>(std::ranges::count_if(ramp.steps, [&](const RampStep& step) {
    return (!from || step.position > *from) && step.position <= to;
  }));
}

}  // namespace rampart
