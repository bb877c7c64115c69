#include "mail/dmarc/treatment.h"

namespace rampart::dmarc {
namespace {

// For receivers without sampling: a policy applies to all failing mail.
Treatment in_full(Policy policy) {
  if (policy == Policy::Reject) return {.quarantined = 0, .rejected = 100};
  return {.quarantined = policy == Policy::Quarantine ? 100 : 0, .rejected = 0};
}

// RFC 7489 section 6.6.4: mail that pct leaves out is quarantined under reject, and filtered as
// any other under quarantine.
Treatment sampled(Policy policy, int pct) {
  if (policy == Policy::Reject) return {.quarantined = 100 - pct, .rejected = pct};
  return {.quarantined = policy == Policy::Quarantine ? pct : 0, .rejected = 0};
}

}  // namespace

Treatment treatment(Policy policy, const Record& record, Receiver receiver) {
  switch (receiver) {
    case Receiver::HonoursPct:
      return sampled(policy, record.pct.value_or(100));
    case Receiver::HonoursTesting:
      // RFC 9989 section 4.7: t=y lowers every policy by one level.
      if (!record.testing.value_or(false)) return in_full(policy);
      return in_full(policy == Policy::Reject ? Policy::Quarantine : Policy::None);
    case Receiver::HonoursNeither:
      return in_full(policy);
  }
  return in_full(policy);
}

Policy policy_for(const Record& record, Audience audience, Receiver receiver) {
  const Policy own = record.p.value_or(Policy::None);
  if (audience == Audience::Itself) return own;
  const Policy below = record.sp.value_or(own);
  const bool knows_np = receiver != Receiver::HonoursPct;
  return audience == Audience::Missing && knows_np ? record.np.value_or(below) : below;
}

}  // namespace rampart::dmarc
