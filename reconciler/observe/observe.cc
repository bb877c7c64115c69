/// Observing: everything that planning needs, gathered into a World.
#include "reconciler/observe/observe.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "providers/catalog.h"
#include "reconciler/documents/spf_lock_file.h"
#include "reconciler/observe/public_keys.h"
#include "reconciler/observe/zone_inventory.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

// An SPF tree of ten lookups and DMARC's records need far fewer rounds.
constexpr int kRounds = 20;

/// Lines with the provider's name in front. No sink stays no sink, so that adapters format nothing.
std::function<void(const std::string&)> labelled(std::function<void(const std::string&)> sink,
                                                 const std::string& name) {
  if (!sink) return {};
  return [sink = std::move(sink), name](const std::string& line) { sink(name + ": " + line); };
}

// The types come from the catalogue of providers, so that none is named here.
Result<std::unique_ptr<Provider>> make_provider(
    const Config& config, const ProviderSpec& spec,
    const std::map<std::string, std::string>& environment, Time now, const TrafficLog& log) {
  const ProviderType* type = find_provider_type(spec.type);
  if (type == nullptr) {
    return Error{fmt::format("there is no provider type \"{}\"", spec.type), spec.name};
  }
  return type->make(
      {.name = spec.name,
       .folder = config.folder,
       .settings = spec.settings,
       .zone_ids = spec.zone_ids,
       .environment = environment,
       .today = std::chrono::floor<std::chrono::days>(now),
       .log = {.debug = labelled(log.debug, spec.name), .trace = labelled(log.trace, spec.name)}});
}

}  // namespace

Providers make_providers(const Config& config,
                         const std::map<std::string, std::string>& environment, Time now,
                         const TrafficLog& log) {
  Providers providers;
  for (const auto& [name, spec] : config.providers) {
    providers.emplace(name, make_provider(config, spec, environment, now, log));
  }
  return providers;
}

// Two providers that serve one zone each get the records that DNS shows; only the host itself could
// tell them apart.
std::vector<LiveZone> for_providers(const ServedZone& served, const LiveZone& view) {
  std::vector<LiveZone> zones;
  for (const std::string& provider : served.providers) {
    zones.push_back(view);
    zones.back().provider = provider;
  }
  return zones;
}

// Sorted, so that the order of queries and providers cannot show in a plan.
World world_of(const ZoneInventory& inventory, std::vector<LiveZone> served, const Config& config,
               const ObserveOptions& options) {
  World world{.now = options.now};
  world.zones = inventory.read;
  std::ranges::move(served, std::back_inserter(world.zones));
  std::ranges::sort(world.zones, {},
                    [](const LiveZone& zone) { return std::tie(zone.apex, zone.provider); });
  for (LiveZone& zone : world.zones) {
    const auto limits = inventory.limits.find(zone.provider);
    if (limits != inventory.limits.end()) zone.limits = limits->second;
  }
  world.zone_missing = inventory.missing;
  world.unused_zones = inventory.unused;
  world.unmanaged_zones = {inventory.unmanaged.begin(), inventory.unmanaged.end()};
  world.keys = read_public_keys(config);
  take_spf_locks(config.folder, world);
  world.frozen = options.frozen;
  return world;
}

// Answers raise new questions (an include names another). Each round is one batch.
void answer_questions(const Config& config, World& world, DnsSession& session) {
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<Question> open = questions(config, world);
    if (open.empty()) return;
    session.resolve_into(world.answers, open);
  }
}

DnsSession session_for(const ObserveOptions& options) {
  return {
      .resolvers = options.resolvers, .limits = options.limits, .nameservers = options.nameservers};
}

// Zones first, then what the policies ask about: which questions arise depends on the records that
// exist.
World observe(const Config& config, const Providers& providers, const ObserveOptions& options) {
  DnsSession session = session_for(options);
  const Sources sources =
      options.live == LiveFrom::Provider ? Sources::FilesAndProviders : Sources::ForPlanning;
  const ZoneInventory seen = take_inventory(config, providers, sources, session);
  std::vector<LiveZone> served;
  for (const ServedZone& zone : seen.served) {
    std::ranges::move(for_providers(zone, merged_view(zone)), std::back_inserter(served));
  }
  World world = world_of(seen, std::move(served), config, options);
  answer_questions(config, world, session);
  return world;
}

}  // namespace rampart
