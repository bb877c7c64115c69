/// A run over all domains, with its limit on how many go up.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policies/ramp/step.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

// The day of the n-th run from now on, at one run a day.
std::optional<Date> day_of_run(const Ramp& ramp, Date today, int runs) {
  std::optional<Date> day = today;
  for (; day && runs > 0; --runs) day = allowed_day(ramp, *day + days(1));
  return day;
}

// Turns the decision back into a stay behind those that were due before it.
void defer(StepDecision& decision, const Ramp& ramp, Date today, int place) {
  const int most = std::max(ramp.max_domains_per_run, 1);
  decision.action = StepAction::Stay;
  decision.to.reset();
  decision.earliest = day_of_run(ramp, today, place / most);
  Gate gate{"max_domains",
            false,
            fmt::format("place {}", place + 1),
            fmt::format("at most {} a run", ramp.max_domains_per_run),
            {}};
  gate.reason = fmt::format("ramp {} moves {} domains a run, and {} are due before this one",
                            ramp.name, ramp.max_domains_per_run, place);
  decision.reasons.insert(decision.reasons.begin(), gate.reason);
  decision.gates.push_back(std::move(gate));
}

}  // namespace

std::vector<StepDecision> steps_of(const Config& config, const World& world) {
  std::vector<Name> all;
  for (const auto& [name, domain] : config.domains) all.push_back(name);
  return steps_of(config, world, all);
}

std::vector<StepDecision> steps_of(const Config& config, const World& world,
                                   std::span<const Name> domains) {
  std::vector<StepDecision> decisions;
  std::map<std::string, std::vector<std::size_t>> up;  // By ramp.
  for (const Name& name : domains) {
    const Domain& domain = config.domains.at(name);
    if (domain.state != DomainState::Managed) continue;
    decisions.push_back(step_of(domain, config, world));
    if (decisions.back().action == StepAction::Advance) {
      up[domain.dmarc.ramp->name].push_back(decisions.size() - 1);
    }
  }
  const Date today = floor<days>(world.now);
  for (auto& [name, places] : up) {
    std::ranges::stable_sort(places, std::ranges::greater(),
                             [&](std::size_t i) { return decisions[i].overdue_days; });
    for (std::size_t place = 0; place < places.size(); ++place) {
      StepDecision& decision = decisions[places[place]];
      const Ramp& ramp = *config.domains.at(decision.domain).dmarc.ramp;
      if (static_cast<int>(place) < ramp.max_domains_per_run) continue;
      defer(decision, ramp, today, static_cast<int>(place));
    }
  }
  return decisions;
}

}  // namespace rampart
