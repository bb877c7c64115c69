/// One domain's step, from its gates, its calendar and the reasons for a step back.
#include "policies/ramp/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policies/ramp/step_back.h"
#include "policies/ramp/step_calendar.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

const Evidence kNone;

const Evidence& evidence_in(const World& world) { return world.evidence ? *world.evidence : kNone; }

void step_back(StepDecision& decision, const StepFacts& facts, StepBack back) {
  decision.action = StepAction::StepBack;
  decision.to = position_below(*facts.domain.dmarc.ramp, decision.from);
  decision.reasons = std::move(back.reasons);
  if (back.evidence) decision.evidence = std::move(*back.evidence);
}

std::string why_advance(const StepDecision& decision) {
  const StepEvidence& seen = decision.evidence;
  return fmt::format("all gates are met: {} messages from {} reporters, {} of its own mail passes",
                     grouped(seen.messages), seen.reporters, percent(seen.legit_rate.value_or(0)));
}

// Fills in the decision of a domain that has a next step: due and earliest dates, gates, reasons.
void evaluate_gates(StepDecision& decision, const StepFacts& facts) {
  const StepCalendar calendar = calendar_of(facts.domain, facts.rows, facts.world.now);
  decision.live = calendar.live;
  decision.due = calendar.start ? calendar.due : std::nullopt;
  decision.gates = gates_of(facts, calendar, decision);
  const bool open = std::ranges::all_of(decision.gates, &Gate::met);
  for (const Gate& gate : decision.gates) {
    if (!gate.met) decision.reasons.push_back(gate.reason);
  }
  const Date today = floor<days>(facts.world.now);
  if (open) {
    decision.action = StepAction::Advance;
    decision.to = decision.next;
    decision.earliest = today;
    decision.reasons.push_back(why_advance(decision));
    decision.overdue_days = static_cast<int>((today - decision.due.value_or(today)).count());
    if (decision.overdue_days > 0) {
      decision.reasons.push_back(fmt::format("it was due on {}, {} {} ago", to_text(*decision.due),
                                             decision.overdue_days,
                                             decision.overdue_days == 1 ? "day" : "days"));
    }
  } else if (only_days_missing(decision.gates, calendar)) {
    decision.earliest = calendar.allowed;
  }
}

}  // namespace

std::string_view to_text(GateKind kind) {
  constexpr std::array<std::string_view, 11> kNames = {
      "hold",    "evidence", "messages", "reporters", "legit_rate", "unresolved",
      "senders", "dkim",     "calendar", "freeze",    "max_domains"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view to_text(StepAction action) {
  if (action == StepAction::Advance) return "advance";
  return action == StepAction::Stay ? "stay" : "step-back";
}

// A position that is no step of the ramp (set by hand) goes to the first step above it. The target
// may lie between two steps: it is the last position then.
std::optional<RampPosition> next_position(const DmarcSpec& spec) {
  if (spec.position.phase < Phase::Monitor || spec.position >= spec.target) return std::nullopt;
  const auto above = std::ranges::find_if(
      spec.ramp->steps, [&](const RampStep& step) { return step.position > spec.position; });
  if (above == spec.ramp->steps.end()) return std::nullopt;
  return std::min(above->position, spec.target);
}

std::optional<RampPosition> position_below(const Ramp& ramp, RampPosition from) {
  constexpr RampPosition kMonitor{Phase::Monitor, 100};
  if (from <= kMonitor) return std::nullopt;
  RampPosition below = kMonitor;
  for (const RampStep& step : ramp.steps) {
    if (step.position < from) below = std::max(below, step.position);
  }
  return below;
}

StepDecision step_of(const Domain& domain, const Config& config, const World& world) {
  const StepFacts facts{domain, config, world, evidence_in(world),
                        rows_of(evidence_in(world), domain.name)};
  StepDecision decision;
  decision.domain = domain.name;
  decision.from = domain.dmarc.position;
  decision.next = next_position(domain.dmarc);
  decision.evidence = gate_evidence(facts);
  if (domain.dmarc.position.phase < Phase::Monitor) {
    decision.reasons = missing_below_monitor(domain);
  } else if (auto back = step_back_for(facts)) {  // First: lost mail cannot wait for gates.
    step_back(decision, facts, std::move(*back));
  } else if (decision.next) {
    evaluate_gates(decision, facts);
  } else {
    decision.reasons.push_back(why_no_next_step(domain.dmarc));
  }
  return decision;
}

}  // namespace rampart
