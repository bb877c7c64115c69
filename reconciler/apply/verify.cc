/// Verifying: the plan that each server's own answers would lead to; where it is empty, the server
/// holds what the YAML says.
#include "reconciler/apply/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "reconciler/observe/zone_inventory.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

/// A World in which every zone is seen through one pair of eyes.
struct Sight {
  World world;
  std::map<std::pair<Name, std::string>, std::string> labels;  ///< By (apex, provider).
};

std::string values_text(const std::optional<TypedSet>& side) {
  if (!side) return "";
  const auto& values = side->set.values;
  if (values.size() == 1) return *values.begin();
  std::string text;
  for (const std::string& value : values) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", value);
  }
  return text;
}

/// What a change says that differs: the values, or the TTL where these are the same.
Difference difference_of(const Change& change, std::string server) {
  const SetChange& set = change.set;
  Difference difference{{change.name(), change.type()}, std::move(server), "", ""};
  const bool same_values = set.before && set.after && set.before->type == set.after->type &&
                           set.before->set.values == set.after->set.values;
  if (same_values) {
    difference.desired = fmt::format("TTL {}", set.after->set.ttl.count());
    difference.got = fmt::format("TTL {}", set.before->set.ttl.count());
    return difference;
  }
  difference.desired = values_text(set.after);
  difference.got = values_text(set.before);
  if (set.before && set.after && set.before->type != set.after->type) {
    difference.got = to_text(set.before->type) + " " + difference.got;
  }
  return difference;
}

using Found = std::map<Name, std::vector<Difference>>;

void add(Found& found, const Name& domain, Difference difference) {
  std::vector<Difference>& list = found[domain];
  const bool known = std::ranges::any_of(list, [&](const Difference& other) {
    return std::tie(other.key, other.server, other.desired, other.got, other.problem) ==
           std::tie(difference.key, difference.server, difference.desired, difference.got,
                    difference.problem);
  });
  if (!known) list.push_back(std::move(difference));
}

/// The label of what was asked about `name`.
std::string label_at(const Sight& sight, const Config& config, const Name& domain,
                     const Name& name) {
  for (const LiveZone* zone : sight.world.zones_for(config.domains.at(domain), name)) {
    const auto label = sight.labels.find({zone->apex, zone->provider});
    if (label != sight.labels.end()) return label->second;
  }
  return "";
}

/// Errors that are not about a change: what stands in the way, or could not be seen.
void add_obstacles(Found& found, const Plan& plan, const Sight& sight, const Config& config,
                   const std::set<RecordKey>& changed) {
  for (const Finding& finding : plan.findings) {
    if (finding.severity != Severity::Error || !finding.domain) continue;
    if (finding.code == "zone-missing") {
      add(found, *finding.domain,
          {{*finding.domain, RecordType::SOA}, "", "", "", finding.message});
    }
    for (const RecordKey& key : finding.withholds) {
      if (changed.contains(key)) continue;
      add(found, *finding.domain,
          {key, label_at(sight, config, *finding.domain, key.name), "", "", finding.message});
    }
  }
}

void compare(const Config& config, const Sight& sight, Found& found) {
  const Plan plan = make_plan(config, sight.world);
  std::set<RecordKey> changed;
  const auto look_at = [&](const Change& change) {
    changed.insert({change.name(), change.type()});
    const auto label = sight.labels.find({change.zone, change.provider});
    add(found, change.domain,
        difference_of(change, label == sight.labels.end() ? change.provider : label->second));
  };
  // Changes on hold are left out: the YAML itself says that they are not to stand yet.
  for (const Change& change : plan.changes) look_at(change);
  for (const Withheld& withheld : plan.withheld) look_at(withheld.change);
  add_obstacles(found, plan, sight, config, changed);
}

/// The file that a zone was read from, for a person.
std::string file_label(const Config& config, const LiveZone& zone) {
  const auto spec = config.providers.find(zone.provider);
  if (spec == config.providers.end()) return zone.provider;
  const auto directory = spec->second.settings.find("directory");
  const std::string folder = directory == spec->second.settings.end() ? "" : directory->second;
  return fmt::format("{}{}{}.zone", folder, folder.empty() ? "" : "/", zone.apex.text());
}

/// The World as the `turn`-th server of each zone shows it.
Sight sight_of(const ZoneInventory& seen, std::size_t stage, const Config& config,
               const ObserveOptions& options) {
  Sight sight{.world = {.now = options.now}};
  std::vector<LiveZone> served;
  for (const ServedZone& zone : seen.served) {
    const bool any = !zone.servers.empty();
    const ServerView* server = any ? &zone.servers[stage % zone.servers.size()] : nullptr;
    const LiveZone view = any ? single_view(zone, *server) : merged_view(zone);
    for (const std::string& provider : zone.providers) {
      sight.labels[{zone.apex, provider}] = any ? server->label : "";
    }
    std::ranges::move(for_providers(zone, view), std::back_inserter(served));
  }
  for (const LiveZone& zone : seen.read) {
    if (zone.from_provider) sight.labels[{zone.apex, zone.provider}] = file_label(config, zone);
  }
  sight.world = world_of(seen, std::move(served), config, options);
  // A freeze keeps changes back from being written; it does not make them right.
  sight.world.frozen = false;
  return sight;
}

std::vector<DomainVerification> sorted(const Config& config, Found found) {
  std::vector<DomainVerification> verified;
  for (const auto& [name, domain] : config.domains) {
    std::vector<Difference>& differences = found[name];
    std::ranges::sort(differences, {}, [](const Difference& difference) {
      return std::tie(difference.key, difference.server, difference.desired, difference.got,
                      difference.problem);
    });
    verified.push_back({name, std::move(differences)});
  }
  return verified;
}

}  // namespace

std::vector<DomainVerification> verify(const Config& config, const Providers& providers,
                                       const ObserveOptions& options) {
  ObserveOptions live = options;
  live.live = LiveFrom::Dns;
  DnsSession session{live, {}, {}};
  const Sources sources = live.nameservers.empty() ? Sources::FilesAndDns : Sources::ServersAlone;
  const ZoneInventory seen = take_inventory(config, providers, sources, session);
  std::size_t stages = 1;
  for (const ServedZone& zone : seen.served) stages = std::max(stages, zone.servers.size());
  Found found;
  Answers answers;
  for (std::size_t stage = 0; stage < stages; ++stage) {
    Sight sight = sight_of(seen, stage, config, live);
    sight.world.answers = std::move(answers);
    answer_questions(config, sight.world, session);
    compare(config, sight, found);
    answers = std::move(sight.world.answers);
  }
  return sorted(config, std::move(found));
}

}  // namespace rampart
