/// Which zones hold the names of all domains.
#include "reconciler/observe/zone_inventory.h"

#include <fmt/format.h>

#include <algorithm>

#include "mail/dmarc/org_domain.h"
#include "providers/catalog.h"

namespace rampart {
namespace {

/// A provider as far as it can tell us about its zones.
struct Host {
  Provider* provider = nullptr;
  bool reads_files = false;
  bool listed = false;  ///< `zones` is what it holds.
  std::vector<Name> zones;
  std::string error;  ///< Why it cannot be asked.
};

using Hosts = std::map<std::string, Host>;
using ZoneKeys = std::map<std::pair<Name, std::string>, std::set<RecordKey>>;

/// What the survey works with.
struct SurveyState {
  const Config& config;
  Hosts hosts;
  ZoneKeys read;                      ///< To be read at providers.
  std::map<Name, ServedZone> served;  ///< To be asked at name servers.
  std::map<Name, FoundZone> found;    ///< By domain, where no provider lists zones.
};

bool is_file(const Config& config, const std::string& provider) {
  const auto spec = config.providers.find(provider);
  if (spec == config.providers.end()) return false;
  const ProviderType* type = find_provider_type(spec->second.type);
  return type != nullptr && type->reads_files;
}

/// All names under which records of the configuration may stand.
std::vector<Name> all_names(const Config& config) {
  std::set<Name> names;
  for (const auto& [name, domain] : config.domains) {
    names.insert(name);
    for (const RecordKey& key : live_keys(config, domain)) names.insert(key.name);
  }
  return {names.begin(), names.end()};
}

void list_zones(Host& host, std::span<const Name> names) {
  auto zones = host.provider->zones_of(names);
  if (!zones.ok()) {
    host.error = sentence(zones.error());
    return;
  }
  host.zones = std::move(zones).value();
  host.listed = true;
}

Hosts find_hosts(const Config& config, const Providers& providers, Sources sources) {
  Hosts hosts;
  for (const auto& [name, domain] : config.domains) {
    for (const std::string& provider : domain.providers) hosts.try_emplace(provider);
  }
  const std::vector<Name> names = all_names(config);
  for (auto& [name, host] : hosts) {
    const auto made = providers.find(name);
    host.reads_files = is_file(config, name) && sources != Sources::ServersAlone;
    if (made == providers.end()) {
      host.error = fmt::format("no provider is called {}", name);
    } else if (!made->second.ok()) {
      host.error = sentence(made->second.error());
    } else {
      host.provider = made->second.value().get();
      if (host.reads_files || sources == Sources::ForPlanning) list_zones(host, names);
    }
  }
  return hosts;
}

/// The longest of `zones` at or above `name`.
std::optional<Name> longest(const std::vector<Name>& zones, const Name& name) {
  std::optional<Name> best;
  for (Name at = name;; at = at.parent()) {
    if (std::ranges::find(zones, at) != zones.end()) return at;
    if (at.is_root()) return std::nullopt;
  }
}

/// Whether a zone may be changed on behalf of the domain: never a public suffix above it.
bool is_own(const Name& apex, const Name& domain) {
  return apex == domain || !dmarc::is_public_suffix(apex);
}

bool is_left_alone(const Domain& domain) {
  return domain.state == DomainState::Managed && domain.dmarc.position.phase == Phase::Discovery;
}

/// Whether this provider itself tells which zones there are, and must be believed.
bool decides(const Host& host, const ObserveOptions& options) {
  return host.reads_files || host.listed || options.live == LiveFrom::Provider;
}

void serve(SurveyState& ground, const Name& apex, const std::string& provider,
           const RecordKey& key) {
  ServedZone& zone = ground.served.try_emplace(apex, ServedZone{.apex = apex}).first->second;
  zone.keys.insert(key);
  zone.providers.insert(provider);
}

/// Notes that `key` is to be read in `apex` at `provider`.
void note(SurveyState& ground, const Name& apex, const std::string& provider, const RecordKey& key,
          const ObserveOptions& options) {
  const Host& host = ground.hosts.at(provider);
  if (host.reads_files || options.live == LiveFrom::Provider) {
    ground.read[{apex, provider}].insert(key);
  } else {
    serve(ground, apex, provider, key);
  }
}

/// Places the domain's own keys at one provider; a sentence where there is no zone for them.
std::string place_own(SurveyState& ground, const Domain& domain, const std::string& provider,
                      const std::vector<RecordKey>& keys, const ObserveOptions& options,
                      ZoneInventory& out) {
  const Host& host = ground.hosts.at(provider);
  std::string error = host.error;
  std::optional<Name> apex;
  if (decides(host, options)) {
    if (host.listed) {
      error.clear();
      apex = longest(host.zones, domain.name);
      if (!apex) return fmt::format("{} holds no zone for it", provider);
    }
  } else {
    const FoundZone& found = ground.found.at(domain.name);
    if (!found.missing.empty()) return found.missing;
    error = found.error;
    apex = found.apex;
  }
  if (!apex) {
    out.read.push_back({.apex = domain.name,
                        .provider = provider,
                        .from_provider = decides(host, options),
                        .error = error});
    return "";
  }
  if (!is_own(*apex, domain.name)) {
    return fmt::format("the zone above it, {}, is a public suffix", apex->text());
  }
  for (const RecordKey& key : keys) {
    if (!key.name.is_within(domain.name)) continue;
    const auto deeper = host.listed ? longest(host.zones, key.name) : std::nullopt;
    note(ground, deeper.value_or(*apex), provider, key, options);
  }
  return "";
}

/// Places keys at other people's names, where one of our zones holds them.
void place_foreign(SurveyState& ground, const std::vector<Name>& found_apexes, const RecordKey& key,
                   const ObserveOptions& options) {
  for (const auto& [provider, host] : ground.hosts) {
    if (!host.listed) continue;
    if (const auto apex = longest(host.zones, key.name))
      note(ground, *apex, provider, key, options);
  }
  const auto apex = longest(found_apexes, key.name);
  if (!apex) return;
  const auto zone = ground.served.find(*apex);
  if (zone != ground.served.end()) zone->second.keys.insert(key);
}

void find_unlisted(SurveyState& ground, DnsSession& session) {
  std::set<Name> names;
  for (const auto& [name, domain] : ground.config.domains) {
    for (const std::string& provider : domain.providers) {
      if (!decides(ground.hosts.at(provider), session.options)) names.insert(name);
    }
  }
  const std::vector<Name> list(names.begin(), names.end());
  ground.found = find_zones(list, session);
}

void place_all(SurveyState& ground, DnsSession& session, ZoneInventory& out) {
  std::map<Name, std::vector<RecordKey>> keys;
  for (const auto& [name, domain] : ground.config.domains) {
    keys.emplace(name, live_keys(ground.config, domain));
    if (domain.providers.empty() && !is_left_alone(domain)) {
      out.missing.emplace(name, "no provider is named for it");
    }
    for (const std::string& provider : domain.providers) {
      const std::string missing =
          place_own(ground, domain, provider, keys.at(name), session.options, out);
      if (!missing.empty() && !is_left_alone(domain)) out.missing.emplace(name, missing);
    }
  }
  std::vector<Name> apexes;
  for (const auto& [name, found] : ground.found) {
    if (found.apex) apexes.push_back(*found.apex);
  }
  for (const auto& [name, list] : keys) {
    for (const RecordKey& key : list) {
      if (!key.name.is_within(name)) place_foreign(ground, apexes, key, session.options);
    }
  }
}

/// The names to read: those of the keys, and the wildcards that may cover them.
std::vector<Name> names_to_read(const Name& apex, const std::set<RecordKey>& keys) {
  std::set<Name> names;
  for (const RecordKey& key : keys) {
    names.insert(key.name);
    for (Name at = key.name; at != apex && at.is_within(apex);) {
      at = at.parent();
      if (const auto wildcard = at.child("*"); wildcard.ok()) names.insert(*wildcard);
    }
  }
  return {names.begin(), names.end()};
}

LiveZone read_zone(const Host& host, const Name& apex, const std::string& provider,
                   const std::set<RecordKey>& keys) {
  LiveZone zone{.apex = apex, .provider = provider, .from_provider = true};
  auto read = host.provider->read(apex, names_to_read(apex, keys));
  if (!read.ok()) {
    zone.error = sentence(within(fmt::format("reading zone {}", apex.text()), read.error()));
    return zone;
  }
  zone.complete = read->complete;
  for (const auto& [key, set] : read->sets) {
    if (key.name.is_wildcard()) zone.wildcards.insert(key);
    zone.sets.emplace(key, LiveSet{LiveState::Present, set, ""});
  }
  // What was asked for and not found is known to be absent.
  for (const RecordKey& key : keys) zone.sets.try_emplace(key);
  return zone;
}

void find_unmanaged(const SurveyState& ground, ZoneInventory& out) {
  for (const auto& [name, host] : ground.hosts) {
    for (const Name& zone : host.zones) {
      const bool used = std::ranges::any_of(
          ground.config.domains, [&](const auto& domain) { return domain.first.is_within(zone); });
      if (!used) out.unmanaged.insert(zone);
    }
  }
}

}  // namespace

ZoneInventory take_inventory(const Config& config, const Providers& providers, Sources sources,
                             DnsSession& session) {
  ZoneInventory out;
  SurveyState ground{config, find_hosts(config, providers, sources), {}, {}, {}};
  find_unlisted(ground, session);
  place_all(ground, session, out);
  for (const auto& [place, keys] : ground.read) {
    const auto& [apex, provider] = place;
    out.read.push_back(read_zone(ground.hosts.at(provider), apex, provider, keys));
  }
  for (auto& [apex, zone] : ground.served) out.served.push_back(std::move(zone));
  ask_servers(out.served, session);
  find_unmanaged(ground, out);
  for (const auto& [name, host] : ground.hosts) {
    if (host.provider != nullptr) out.max_txt_octets[name] = host.provider->limits().max_txt_octets;
  }
  return out;
}

}  // namespace rampart
