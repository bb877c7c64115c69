/// A run over all domains, with the limit of domains that advance in one run.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policies/ramp/step.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

// The day of the n-th run after today's, at one run per day; empty if the ramp allows none.
std::optional<Date> day_of_run(const Ramp& ramp, Date today, int runs) {
  std::optional<Date> day = today;
  for (; day && runs > 0; --runs) day = allowed_day(ramp, *day + days(1));
  return day;
}

// Turns an advance into a stay because `ahead` domains of the ramp come first.
void defer(StepDecision& decision, const Ramp& ramp, Date today, int ahead) {
  const int per_run = std::max(ramp.max_domains_per_run, 1);
  decision.action = StepAction::Stay;
  decision.to.reset();
  decision.earliest = day_of_run(ramp, today, ahead / per_run);
  Gate gate{.kind = GateKind::MaxDomains,
            .figure = fmt::format("place {}", ahead + 1),
            .asked = fmt::format("at most {} per run", ramp.max_domains_per_run),
            .reason = fmt::format("ramp {} advances {} domains per run, and {} are due before it",
                                  ramp.name, ramp.max_domains_per_run, ahead)};
  // First of all reasons: the others say that every gate is met.
  decision.reasons.insert(decision.reasons.begin(), gate.reason);
  decision.gates.push_back(std::move(gate));
}

}  // namespace

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
  for (auto& [name, advancing] : up) {
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
