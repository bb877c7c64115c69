/// The ladder: which DMARC record a rung publishes, where a record stands, how far apart two are.
#pragma once

#include <optional>

#include "mail/dmarc/dmarc.h"
#include "policies/model/policy.h"

namespace rampart {

/// The record that `spec` publishes at its rung: none at monitor, else p with pct. A step
/// 0 < pct < 100 prints pct AND t=y in compat mode, pct alone in legacy, neither in policy-only;
/// at 100 neither tag is printed (RFC 9989 section 4.7 ignores pct and honours t).
dmarc::Record record_for(const DmarcSpec& spec);

/// Where a published record stands: its policy and pct; `t=y` without pct counts as one percent.
/// The rung of p=none is Monitor.
RampPosition position_of(const dmarc::Record& record);

/// How many of the ramp's steps lie strictly above `from` and not above `to`; `from` empty means
/// that no record stands. 0 where `to` is not above.
int steps_between(const Ramp& ramp, std::optional<RampPosition> from, RampPosition to);

}  // namespace rampart
