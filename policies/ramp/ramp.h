/// Ramp positions and DMARC records: which record a position publishes, and which position a
/// published record is at.
#pragma once

#include <optional>

#include "mail/dmarc/dmarc.h"
#include "policies/model/policy.h"

namespace rampart {

/// What a phase requests of receivers: Policy::None for every phase below quarantine.
dmarc::Policy policy_of(Phase phase);

/// The record that `spec` publishes at its position: p=none at monitor, else the phase's policy. At
/// 0 < pct < 100 the record has pct and t=y in compat mode, pct alone in legacy mode, neither in
/// policy-only mode; at 100 it has neither. Receivers that follow RFC 9989 section 4.7 ignore pct
/// and honour t.
dmarc::Record record_for(const DmarcSpec& spec);

/// The position of a published record: its policy and pct; `t=y` without pct counts as one percent.
/// p=none is Monitor.
RampPosition position_of(const dmarc::Record& record);

/// How many of the ramp's steps are above `from` and not above `to`; an empty `from` means that no
/// record is published. 0 where `to` is not above `from`.
int steps_between(const Ramp& ramp, std::optional<RampPosition> from, RampPosition to);

}  // namespace rampart
