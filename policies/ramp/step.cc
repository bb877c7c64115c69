/// Decides each domain's step, and which domains of a run advance.
#include "policies/ramp/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/counted.h"
#include "policies/model/lookup.h"
#include "policies/ramp/step_back.h"
#include "policies/ramp/step_calendar.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

using std::chrono::days;

void decide_step_back(StepDecision& decision, const StepFacts& facts, StepBack back) {
  decision.action = StepAction::StepBack;
  decision.to = position_below(*facts.domain.dmarc.ramp, decision.from);
  decision.reasons = std::move(back.reasons);
  decision.corroborated = back.senders > 1;
}

// An advance has a reason too: a reviewer reads it before approving the step.
std::string why_advance(const StepDecision& decision) {
  const StepEvidence& seen = decision.evidence;
  return fmt::format("all gates are met: {} saw {} of the domain's own messages; legit_rate is {}",
                     counted(seen.reporters, "reporter"), grouped(seen.tally.own),
                     percent(seen.legit_rate.value_or(0)));
}

// Fills in the decision of a domain that has a next step: due and earliest dates, gates, reasons.
// Every gate is evaluated even if the first is not met: people want the whole list at once.
void evaluate_gates(StepDecision& decision, const StepFacts& facts) {
  const StepCalendar calendar = calendar_of(facts.domain, facts.known_rows, facts.world.now);
  decision.live = calendar.live;
  decision.due = calendar.start ? calendar.due : std::nullopt;
  decision.gates = gates_of(facts, calendar, decision);
  const bool open = std::ranges::all_of(decision.gates, &Gate::met);
  for (const Gate& gate : decision.gates) {
    if (!gate.met) decision.reasons.push_back(gate.reason);
  }
  const Date today = utc_day(facts.world.now);
  if (open) {
    decision.action = StepAction::Advance;
    decision.to = decision.next;
    decision.earliest = today;
    decision.reasons.push_back(why_advance(decision));
    decision.overdue_days = static_cast<int>((today - decision.due.value_or(today)).count());
    if (decision.overdue_days > 0) {
      decision.reasons.push_back(fmt::format("it was due on {}, {} ago", to_text(*decision.due),
                                             counted(decision.overdue_days, "day")));
    }
  } else if (only_days_missing(decision.gates, calendar)) {
    decision.earliest = calendar.allowed;
  }
}

// The day of the n-th run after today's; empty if the ramp allows none. Assumes one run a day, as
// the packaged timer does.
std::optional<Date> day_of_run(const Ramp& ramp, Date today, int runs) {
  std::optional<Date> day = today;
  for (; day && runs > 0; --runs) day = allowed_day(ramp, *day + days(1));
  return day;
}

// Turns an advance into a stay because `ahead` domains of the ramp come first. Its other gates stay
// met, so that it advances in a later run without waiting again.
void defer(StepDecision& decision, const Ramp& ramp, Date today, int ahead) {
  const int per_run = std::max(ramp.max_domains_per_run, 1);
  decision.action = StepAction::Stay;
  decision.to.reset();
  decision.earliest = day_of_run(ramp, today, ahead / per_run);
  Gate gate{.kind = GateKind::MaxDomains,
            .figure = fmt::format("number {} in line", ahead + 1),
            .asked = fmt::format("at most {} per run", ramp.max_domains_per_run),
            .reason = fmt::format("ramp {} advances at most {} per run, and {} due before this one",
                                  ramp.name, counted(ramp.max_domains_per_run, "domain"),
                                  counted(ahead, "domain is", "domains are"))};
  // Shown first, because the reasons already given say that every gate is met.
  decision.reasons.insert(decision.reasons.begin(), gate.reason);
  decision.gates.push_back(std::move(gate));
}

// What a domain below monitor lacks. A person raises its phase, since no reports exist before
// p=none.
std::vector<std::string> missing_below_monitor(const Domain& domain) {
  const Phase phase = domain.dmarc.position.phase;
  std::vector<std::string> missing;
  if (!domain.declares_spf() && !domain.leaves_spf())
    missing.push_back("declare `senders:` or `spf:`");
  const bool signs =
      domain.dkim == Upkeep::Unmanaged || !domain.selectors.empty() || !domain.rotations.empty() ||
      std::ranges::any_of(domain.declared_senders(),
                          [](const SenderUse& use) { return !use.sender->dkim.empty(); });
  if (!signs) missing.push_back("declare a selector or a rotation under `dkim:`");
  if (domain.dmarc.rua.empty()) {
    missing.push_back("set `dmarc: {rua: [...]}`: without reports there is no evidence");
  }
  missing.push_back(
      fmt::format("{}set `phase: monitor` by hand: `rampart advance` changes no domain in phase {}",
                  missing.empty() ? "" : "then ", to_text(phase)));
  return missing;
}

// A ramp without a step up to the target would stop silently.
std::string why_no_next_step(const DmarcSpec& spec) {
  if (spec.position >= spec.target) {
    return fmt::format("the domain is at its target, {}", to_text(spec.target));
  }
  return fmt::format(
      "ramp {} has no step above {}, but the target is {}: correct the ramp or the target",
      spec.ramp->name, to_text(spec.position), to_text(spec.target));
}

}  // namespace

std::string_view to_text(GateKind kind) {
  constexpr std::array<std::string_view, 12> kNames = {
      "hold",    "evidence", "messages", "reporters", "legit_rate", "unresolved",
      "senders", "dkim",     "order",    "calendar",  "freeze",     "max_domains"};
  return word_of(kNames, kind);
}

std::string_view to_text(StepAction action) {
  constexpr std::array<std::string_view, 3> kNames = {"advance", "stay", "step-back"};
  return word_of(kNames, action);
}

// From a position that is no step of the ramp (set by hand), the first step above it is next. A
// target between two steps is the last position.
std::optional<RampPosition> next_position(const DmarcSpec& spec) {
  if (spec.position.phase < Phase::Monitor || spec.position >= spec.target) return std::nullopt;
  const auto above = std::ranges::find_if(
      spec.ramp->steps, [&](const RampStep& step) { return step.position > spec.position; });
  if (above == spec.ramp->steps.end()) return std::nullopt;
  return std::min(above->position, spec.target);
}

// Never below monitor: without a DMARC record no reports arrive, and the ramp could not rise again.
std::optional<RampPosition> position_below(const Ramp& ramp, RampPosition from) {
  constexpr RampPosition kMonitor{Phase::Monitor, 100};
  if (from <= kMonitor) return std::nullopt;
  RampPosition below = kMonitor;
  for (const RampStep& step : ramp.steps) {
    if (step.position < from) below = std::max(below, step.position);
  }
  return below;
}

// Lost mail outranks every other reason, so a step back is considered before the gates.
StepDecision step_of(const Domain& domain, const Config& config, const World& world) {
  const StepFacts facts = facts_of(domain, config, world);
  StepDecision decision;
  decision.domain = domain.name;
  decision.from = domain.dmarc.position;
  decision.next = next_position(domain.dmarc);
  decision.evidence = gate_evidence(facts);
  decision.alerts = alerts_of(facts, decision.evidence);
  if (domain.dmarc.position.phase < Phase::Monitor) {
    decision.reasons = missing_below_monitor(domain);
  } else if (auto back = step_back_for(facts)) {
    decide_step_back(decision, facts, std::move(*back));
  } else if (decision.next) {
    evaluate_gates(decision, facts);
  } else {
    decision.reasons.push_back(why_no_next_step(domain.dmarc));
  }
  return decision;
}

std::vector<StepDecision> steps_of(const Config& config, const World& world) {
  std::vector<Name> all;
  for (const auto& [name, domain] : config.domains) all.push_back(name);
  return steps_of(config, world, all);
}

// The limit keeps a mistake that all domains share (a wrong DKIM key in a template, say) from
// reaching all of them on one day.
std::vector<StepDecision> steps_of(const Config& config, const World& world,
                                   std::span<const Name> domains) {
  std::vector<StepDecision> decisions;
  std::map<std::string, std::vector<std::size_t>> advancing_by_ramp;  // Indexes of `decisions`.
  for (const Name& name : domains) {
    const Domain& domain = config.domains.at(name);
    if (domain.state != DomainState::Managed) continue;
    decisions.push_back(step_of(domain, config, world));
    if (decisions.back().action == StepAction::Advance) {
      advancing_by_ramp[domain.dmarc.ramp->name].push_back(decisions.size() - 1);
    }
  }
  const Date today = utc_day(world.now);
  for (auto& [name, advancing] : advancing_by_ramp) {
    // The longest overdue first; a stable sort keeps the given order among equals.
    std::ranges::stable_sort(advancing, std::ranges::greater(),
                             [&](std::size_t i) { return decisions[i].overdue_days; });
    const Ramp& ramp = *config.domains.at(decisions[advancing.front()].domain).dmarc.ramp;
    for (auto ahead = static_cast<std::size_t>(std::max(ramp.max_domains_per_run, 0));
         ahead < advancing.size(); ++ahead) {
      defer(decisions[advancing[ahead]], ramp, today, static_cast<int>(ahead));
    }
  }
  return decisions;
}

}  // namespace rampart
