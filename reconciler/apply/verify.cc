/// Verifying: a plan is made from each server's own answers; where it is empty, the server holds
/// what the YAML describes.
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

/// A World in which every zone is as one of its servers answers.
struct ServerWorld {
  World world;
  std::map<std::pair<Name, std::string>, std::string> labels;  ///< By (apex, provider).
};

// One value is shown as it is; several are quoted, to show where each ends.
std::string values_text(const std::optional<ParsedTypedSet>& side) {
  if (!side) return "";
  const auto& values = side->set.values;
  if (values.size() == 1) return *values.begin();
  std::string text;
  for (const std::string& value : values) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", value);
  }
  return text;
}

/// The difference that a change would correct: the values, or the TTL where these are the same.
/// Differences are derived from a plan's changes, so that verify and plan can never disagree about
/// what is equal.
Difference difference_of(const Change& change, std::string server) {
  const ParsedChange& set = change.set;
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

/// What the rounds found so far.
struct Comparison {
  Found found;
  /// In how many rounds a record of a domain could not be read.
  std::map<std::pair<Name, RecordKey>, std::size_t> unread;
  std::map<Name, std::vector<Finding>> wide;  ///< `authority-wide`, of any round.
};

void add(Found& found, const Name& domain, Difference difference) {
  std::vector<Difference>& list = found[domain];
  const bool known = std::ranges::any_of(list, [&](const Difference& other) {
    return std::tie(other.key, other.server, other.desired, other.got, other.problem) ==
           std::tie(difference.key, difference.server, difference.desired, difference.got,
                    difference.problem);
  });
  if (!known) list.push_back(std::move(difference));
}

/// The label of the server that was queried for `name`, a server of the zone that planning chooses
/// for it; empty where no server is known.
std::string label_at(const ServerWorld& view, const Config& config, const Name& domain,
                     const Name& name) {
  for (const LiveZone* zone : view.world.zones_for(config.domains.at(domain), name)) {
    const auto label = view.labels.find({zone->apex, zone->provider});
    if (label != view.labels.end()) return label->second;
  }
  return "";
}

/// Adds the errors at keys without a change: obstacles, and what could not be read.
/// A server that fails to answer is a difference as well: "ok" must mean that every server was
/// compared.
void add_obstacles(Comparison& all, const Plan& plan, const ServerWorld& view, const Config& config,
                   const std::set<RecordKey>& changed) {
  std::set<std::pair<Name, RecordKey>> unread;
  for (const Finding& finding : plan.findings) {
    if (finding.severity != Severity::Error || !finding.domain) continue;
    if (finding.code == "zone-missing") {
      add(all.found, *finding.domain,
          {{*finding.domain, RecordType::SOA}, "", "", "", finding.message});
    }
    for (const RecordKey& key : finding.withholds) {
      if (changed.contains(key)) continue;
      if (finding.code == "unobservable") unread.emplace(*finding.domain, key);
      add(all.found, *finding.domain,
          {key, label_at(view, config, *finding.domain, key.name), "", "", finding.message,
           finding.code == "unobservable"});
    }
  }
  // Once for a round, however many findings withhold a record: the diff and what a sub-domain
  // inherits can both be unknown at one `_dmarc`.
  for (const auto& record : unread) ++all.unread[record];
}

// The servers hold what is declared, and a vendor's include can still let everybody pass: anyone
// who reads "ok" must see that too.
void add_wide(const Plan& plan, std::map<Name, std::vector<Finding>>& wide) {
  for (const Finding& finding : plan.findings) {
    if (finding.code != "authority-wide" || !finding.domain) continue;
    std::vector<Finding>& list = wide[*finding.domain];
    if (std::ranges::find(list, finding) == list.end()) list.push_back(finding);
  }
}

// Adds the differences of one round. A plan for each server costs little, since all of them share
// one set of answers.
void compare(const Config& config, const ServerWorld& view, Comparison& all) {
  const Plan plan = make_plan(config, view.world);
  std::set<RecordKey> changed;
  const auto compare_change = [&](const Change& change) {
    changed.insert({change.name(), change.type()});
    const auto label = view.labels.find({change.zone, change.provider});
    add(all.found, change.domain,
        difference_of(change, label == view.labels.end() ? change.provider : label->second));
  };
  // Held changes are left out: they must not be published yet.
  for (const Change& change : plan.changes) compare_change(change);
  for (const Withheld& withheld : plan.withheld) compare_change(withheld.change);
  add_obstacles(all, plan, view, config, changed);
  add_wide(plan, all.wide);
}

/// The path of the file that a zone was read from, in the form of the YAML's `directory`; the
/// provider's name where the YAML has no such provider.
std::string file_label(const Config& config, const LiveZone& zone) {
  const auto spec = config.providers.find(zone.provider);
  if (spec == config.providers.end()) return zone.provider;
  const auto directory = spec->second.settings.find("directory");
  const std::string folder = directory == spec->second.settings.end() ? "" : directory->second;
  return fmt::format("{}{}{}.zone", folder, folder.empty() ? "" : "/", zone.apex.text());
}

/// The World as server number `index` of each zone answers; a zone with fewer servers begins again
/// at its first, and a difference that is found again is listed once.
ServerWorld view_of(const ZoneInventory& seen, std::size_t index, const Config& config,
                    const ObserveOptions& options) {
  ServerWorld view{.world = {.now = options.now}};
  std::vector<LiveZone> served;
  for (const ServedZone& zone : seen.served) {
    const bool has_servers = !zone.servers.empty();
    const ServerView* server = has_servers ? &zone.servers[index % zone.servers.size()] : nullptr;
    const LiveZone answered = has_servers ? single_view(zone, *server) : merged_view(zone);
    for (const std::string& provider : zone.providers) {
      view.labels[{zone.apex, provider}] = has_servers ? server->label : "";
    }
    std::ranges::move(for_providers(zone, answered), std::back_inserter(served));
  }
  for (const LiveZone& zone : seen.read) {
    if (zone.from_provider) view.labels[{zone.apex, zone.provider}] = file_label(config, zone);
  }
  view.world = world_of(seen, std::move(served), config, options);
  // A freeze keeps changes from being written; the difference still exists.
  view.world.frozen = false;
  return view;
}

std::vector<DomainVerification> sorted(const Config& config, Comparison all) {
  std::vector<DomainVerification> verified;
  for (const auto& [name, domain] : config.domains) {
    std::vector<Difference>& differences = all.found[name];
    std::ranges::sort(differences, {}, [](const Difference& difference) {
      return std::tie(difference.key, difference.server, difference.desired, difference.got,
                      difference.problem);
    });
    verified.push_back({name, std::move(differences), std::move(all.wide[name])});
  }
  return verified;
}

// A record that no server answered for is listed once, without a server.
void join_unanswered(Comparison& all, std::size_t rounds) {
  for (auto& [domain, differences] : all.found) {
    std::set<RecordKey> listed;
    std::erase_if(differences, [&](Difference& one) {
      const auto times = all.unread.find({domain, one.key});
      if (!one.unread || times == all.unread.end() || times->second < rounds) return false;
      one.server.clear();
      return !listed.insert(one.key).second;
    });
  }
}

}  // namespace

// join_unanswered leaves no server where none answered.
bool DomainVerification::unanswered() const {
  return !differences.empty() && std::ranges::all_of(differences, [](const Difference& one) {
    return one.unread && one.server.empty();
  });
}

// As many rounds as the zone with most servers needs. Answers are carried over, so that resolving
// costs the first round only.
std::vector<DomainVerification> verify(const Config& config, const Providers& providers,
                                       const ObserveOptions& options) {
  DnsSession session = session_for(options);
  const Sources sources = options.nameservers.empty() ? Sources::FilesAndDns : Sources::ServersOnly;
  const ZoneInventory seen = take_inventory(config, providers, sources, session);
  std::size_t servers = 1;
  for (const ServedZone& zone : seen.served) servers = std::max(servers, zone.servers.size());
  Comparison all;
  Answers answers;
  for (std::size_t index = 0; index < servers; ++index) {
    ServerWorld view = view_of(seen, index, config, options);
    view.world.answers = std::move(answers);
    answer_questions(config, view.world, session);
    compare(config, view, all);
    answers = std::move(view.world.answers);
  }
  join_unanswered(all, servers);
  return sorted(config, std::move(all));
}

}  // namespace rampart
