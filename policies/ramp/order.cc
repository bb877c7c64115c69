/// Positions of the domains that go first, in the YAML and in DNS.
#include "policies/ramp/order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "policies/model/live.h"
#include "policies/ramp/ramp.h"

namespace rampart {
namespace {

bool is_reached(const Domain& domain, RampPosition there, RampPosition position) {
  return there >= position || there >= domain.dmarc.target;
}

// The position that receivers see: the weakest where providers differ; empty where no single record
// is published.
std::optional<RampPosition> live_position(const Domain& domain, const World& world) {
  const auto name = domain.name.child("_dmarc");
  if (!name) return std::nullopt;
  std::optional<RampPosition> weakest;
  for (const LiveSet& live : live_sets(domain, world, {*name, RecordType::TXT})) {
    std::optional<RampPosition> here;
    int records = 0;
    for (const ParsedValue& value : live.set.values) {
      if (value.dmarc() == nullptr) continue;
      ++records;
      here = position_of(value.dmarc()->lenient.record);
    }
    if (records != 1) return std::nullopt;
    weakest = weakest ? std::min(*weakest, *here) : here;
  }
  return weakest;
}

// What is missing by the YAML; empty where nothing is.
std::string missing_in_yaml(const Domain& domain, RampPosition position) {
  if (domain.state != DomainState::Managed) return "";
  if (is_reached(domain, domain.dmarc.position, position)) return "";
  return fmt::format("{} is at {}", domain.name.text(), to_text(domain.dmarc.position));
}

std::string missing_in_dns(const Domain& domain, RampPosition position, const World& world) {
  if (domain.state != DomainState::Managed) return "";
  const auto live = live_position(domain, world);
  if (live && is_reached(domain, *live, position)) return "";
  return fmt::format("{} is published at {}", domain.name.text(),
                     live ? to_text(*live) : std::string("no position"));
}

}  // namespace

std::vector<AwaitedDomain> awaited_by(const Domain& domain, RampPosition position,
                                      const Config& config) {
  std::vector<AwaitedDomain> awaited;
  for (const Name& name : domain.dmarc.after) {
    const auto first = config.domains.find(name);
    if (first == config.domains.end()) continue;
    std::string missing = missing_in_yaml(first->second, position);
    if (!missing.empty()) awaited.push_back({name, std::move(missing)});
  }
  return awaited;
}

// The YAML comes first: its position shows the step that somebody has to take.
std::vector<AwaitedDomain> awaited_live(const Domain& domain, RampPosition position,
                                        const Config& config, const World& world) {
  std::vector<AwaitedDomain> awaited;
  for (const Name& name : domain.dmarc.after) {
    const auto first = config.domains.find(name);
    if (first == config.domains.end()) {
      awaited.push_back({name, fmt::format("{} is not part of this run", name.text())});
      continue;
    }
    std::string missing = missing_in_yaml(first->second, position);
    if (missing.empty()) missing = missing_in_dns(first->second, position, world);
    if (!missing.empty()) awaited.push_back({name, std::move(missing)});
  }
  return awaited;
}

Gate order_gate(const Domain& domain, RampPosition next, const Config& config) {
  const std::size_t all = domain.dmarc.after.size();
  const auto awaited = awaited_by(domain, next, config);
  Gate gate{.kind = GateKind::Order,
            .met = awaited.empty(),
            .figure = fmt::format("{} of {} domains", all - awaited.size(), all),
            .asked = "every domain that goes first",
            .reason = {}};
  if (!gate.met) {
    gate.reason =
        fmt::format("by `order` other domains reach {} first: {}", to_text(next), to_text(awaited));
  }
  return gate;
}

std::string to_text(const std::vector<AwaitedDomain>& awaited) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> states;
  for (std::size_t i = 0; i < awaited.size() && i < kMost; ++i) states.push_back(awaited[i].state);
  if (awaited.size() > kMost) {
    states.push_back(fmt::format("and {} more", awaited.size() - kMost));
  }
  return fmt::format("{}", fmt::join(states, ", "));
}

}  // namespace rampart
