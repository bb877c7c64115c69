/// Generated configurations with the worlds around them, for laws that must hold in every one.
#pragma once

#include <map>
#include <string>

#include "policies/dmarc/discovered_policy.h"
#include "policies/model/plan.h"
#include "policies/model/policy.h"
#include "policies/ramp/ramp.h"

namespace rampart::testing {

/// The two inputs of make_plan().
struct LawCase {
  Config config;
  World world;
};

/// The case of `seed`, the same on every machine: three domains, one of them below another, in
/// zones at one or two providers. Each has a position on or off its ramp; a live DMARC record ahead
/// of the YAML, behind it, absent, doubled, broken or replaced by a CNAME; senders of every kind,
/// retired ones among them; declared selectors, and a rotation in any state; waivers, in force and
/// expired; foreign values at every name; names that nobody could read; evidence that is good, bad,
/// scarce, old or missing; and resolver answers to all that planning asks, failures among them.
LawCase law_case(unsigned seed);

/// The world once every change of `plan` is written.
inline World after(const World& world, const Plan& plan) {
  World next = world;
  for (const Change& change : plan.changes) {
    for (LiveZone& zone : next.zones) {
      if (zone.apex != change.zone || zone.provider != change.provider) continue;
      if (change.set.before) zone.sets.erase({change.name(), change.set.before->type});
      if (!change.set.after) continue;
      zone.sets[{change.name(), change.set.after->type}] = {LiveState::Present,
                                                            change.set.after->set, ""};
    }
  }
  return next;
}

/// The position of a live or planned record set's one DMARC record; empty where there is none, or
/// several, which receivers ignore alike (RFC 9989 section 4.10).
inline std::optional<RampPosition> position_in(const std::optional<ParsedTypedSet>& set) {
  const auto record = record_in(set);
  if (!record || !record->dmarc()) return std::nullopt;
  return position_of(record->dmarc()->lenient.record);
}

/// How many of the rare states a run over worlds has reached, by name.
using Reached = std::map<std::string, int>;

}  // namespace rampart::testing
