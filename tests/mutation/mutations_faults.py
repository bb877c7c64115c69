"""Mutations of how a plan reports the faults of live records; mutations.py says what a row is."""

FAULTS = [
    ("live-fault-as-error", "reconciler/plan/live_faults.cc",
     ": std::max(live.fault.severity, Severity::Warning);", ": live.fault.severity;",
     ("reconciler",)),
    ("live-fault-reported-again", "reconciler/plan/live_faults.cc",
     "if (is_reported(live, domain.name, reported)) continue;", "", ("reconciler",)),
    ("live-fault-of-what-was-not-read", "policies/records/live_faults.cc",
     "return live.state == LiveState::Present ? std::move(live.set.values) : ParsedValues();",
     "return std::move(live.set.values);", ("policies",)),
    ("live-fault-of-discarded-records", "policies/records/live_faults.cc",
     "if (value.kind() == kind && is_read(key, value.text()))", "if (value.kind() == kind)",
     ("policies",)),
    ("near-miss-below-monitor-silent", "policies/dmarc/dmarc.cc",
     """  report_near_misses(domain, world, key, policy_result);
  if (domain.dmarc.position.phase < Phase::Monitor) return policy_result;
""", """  if (domain.dmarc.position.phase < Phase::Monitor) return policy_result;
  report_near_misses(domain, world, key, policy_result);
""", ("policies",)),
]
