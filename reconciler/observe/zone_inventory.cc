/// Which zones hold the names of all domains.
#include "reconciler/observe/zone_inventory.h"

#include <fmt/format.h>

#include <algorithm>

#include "mail/dmarc/org_domain.h"
#include "providers/catalog.h"

namespace rampart {
namespace {

/// A provider and the zones it reports.
struct Host {
  Provider* provider = nullptr;
  bool reads_files = false;
  bool listed = false;  ///< `zones` is what it holds.
  std::vector<Name> zones;
  std::string error;  ///< Why it cannot be used.
};

using Hosts = std::map<std::string, Host>;
using ZoneKeys = std::map<std::pair<Name, std::string>, std::set<RecordKey>>;

/// The inventory while it is being taken.
struct InventoryState {
  const Config& config;
  Sources sources;
  Hosts hosts;
  ZoneKeys read = {};                      ///< To be read at providers.
  std::map<Name, ServedZone> served = {};  ///< To be queried at name servers.
  std::map<Name, FoundZone> found = {};    ///< By domain, where no provider lists its zones.
};

bool is_file(const Config& config, const std::string& provider) {
  const auto spec = config.providers.find(provider);
  if (spec == config.providers.end()) return false;
  const ProviderType* type = find_provider_type(spec->second.type);
  return type != nullptr && type->reads_files;
}

/// All names at which records of the configuration may exist.
/// Providers that search by name get every name at once: most APIs list zones page by page.
std::vector<Name> all_names(const Config& config) {
  std::set<Name> names;
  for (const auto& [name, domain] : config.domains) {
    names.insert(name);
    for (const RecordKey& key : live_keys(domain)) names.insert(key.name);
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

/// Whether providers are called for their zones.
bool lists_zones(Sources sources) {
  return sources == Sources::FilesAndProviders || sources == Sources::ForPlanning;
}

// Providers that no domain names are not called: their credentials may be missing on purpose.
Hosts find_hosts(const Config& config, const Providers& providers, Sources sources) {
  Hosts hosts;
  for (const auto& [name, domain] : config.domains) {
    for (const std::string& provider : domain.providers) hosts.try_emplace(provider);
  }
  const std::vector<Name> names = all_names(config);
  for (auto& [name, host] : hosts) {
    const auto made = providers.find(name);
    host.reads_files = is_file(config, name) && sources != Sources::ServersOnly;
    if (made == providers.end()) {
      host.error = fmt::format("no provider is called {}", name);
    } else if (!made->second.ok()) {
      host.error = sentence(made->second.error());
    } else {
      host.provider = made->second.value().get();
      if (host.reads_files || lists_zones(sources)) list_zones(host, names);
    }
  }
  return hosts;
}

/// The longest of `zones` at or above `name`.
std::optional<Name> longest(const std::vector<Name>& zones, const Name& name) {
  for (Name at = name;; at = at.parent()) {
    if (std::ranges::find(zones, at) != zones.end()) return at;
    if (at.is_root()) return std::nullopt;
  }
}

/// Whether the zone may be changed for the domain: never a public suffix above it.
bool is_own(const Name& apex, const Name& domain) {
  return apex == domain || !dmarc::is_public_suffix(apex);
}

bool is_left_alone(const Domain& domain) {
  return domain.state == DomainState::Managed && domain.dmarc.position.phase == Phase::Discovery;
}

/// Whether the provider is the authority on which zones exist; else DNS is.
bool decides(const Host& host, Sources sources) {
  return host.reads_files || host.listed || sources == Sources::FilesAndProviders;
}

void schedule_query(InventoryState& state, const Name& apex, const std::string& provider,
                    const RecordKey& key) {
  ServedZone& zone = state.served.try_emplace(apex, ServedZone{.apex = apex}).first->second;
  zone.keys.insert(key);
  zone.providers.insert(provider);
}

/// Has `key` read in `apex`: at `provider` itself, or at the zone's name servers.
void schedule_read(InventoryState& state, const Name& apex, const std::string& provider,
                   const RecordKey& key) {
  if (state.hosts.at(provider).reads_files || state.sources == Sources::FilesAndProviders) {
    state.read[{apex, provider}].insert(key);
  } else {
    schedule_query(state, apex, provider, key);
  }
}

/// Schedules the domain's own keys at one provider. Returns why there is no zone for them, or an
/// empty text. A zone that could not be determined becomes an unreadable one in `out`: silence is
/// never taken for absence.
/// DNS decides where a provider cannot list its zones. A selector may be in a delegated zone of its
/// own, so each key goes to the longest match.
ZoneMissing schedule_own(InventoryState& state, const Domain& domain, const std::string& provider,
                         const std::vector<RecordKey>& keys, ZoneInventory& out) {
  const Host& host = state.hosts.at(provider);
  std::string error = host.error;
  std::optional<Name> apex;
  if (decides(host, state.sources)) {
    if (host.listed) {
      error.clear();
      apex = longest(host.zones, domain.name);
      if (!apex) {
        const MissingZone missing = host.provider->missing_zone(domain.name);
        return {fmt::format("provider {} {}", provider, missing.why), missing.advice};
      }
    }
  } else {
    const FoundZone& found = state.found.at(domain.name);
    if (!found.missing.empty()) return {found.missing, ""};
    error = found.error;
    apex = found.apex;
  }
  if (!apex) {
    out.read.push_back({.apex = domain.name,
                        .provider = provider,
                        .from_provider = decides(host, state.sources),
                        .error = error});
    return {};
  }
  if (!is_own(*apex, domain.name)) {
    return {fmt::format("the zone above it, {}, is a public suffix", apex->text()), ""};
  }
  for (const RecordKey& key : keys) {
    if (!key.name.is_within(domain.name)) continue;
    // A selector may lie in a delegated zone of its own.
    const auto deeper = host.listed ? longest(host.zones, key.name) : std::nullopt;
    schedule_read(state, deeper.value_or(*apex), provider, key);
  }
  return {};
}

/// Schedules a key outside its domain (a report host's authorization), where one of our zones holds
/// it.
/// Report authorizations are records in another domain's zone; only zones that this configuration
/// manages are read for them.
void schedule_foreign(InventoryState& state, const std::vector<Name>& found_apexes,
                      const RecordKey& key) {
  for (const auto& [provider, host] : state.hosts) {
    const auto apex = host.listed ? longest(host.zones, key.name) : std::nullopt;
    if (apex) schedule_read(state, *apex, provider, key);
  }
  const auto apex = longest(found_apexes, key.name);
  if (!apex) return;
  const auto zone = state.served.find(*apex);
  if (zone != state.served.end()) zone->second.keys.insert(key);
}

// One search for all domains, so that shared parents are queried once.
void find_unlisted(InventoryState& state, DnsSession& session) {
  std::set<Name> names;
  for (const auto& [name, domain] : state.config.domains) {
    for (const std::string& provider : domain.providers) {
      if (!decides(state.hosts.at(provider), state.sources)) names.insert(name);
    }
  }
  const std::vector<Name> list(names.begin(), names.end());
  state.found = find_zones(list, session);
}

// A domain in discovery is left alone: a missing zone is no finding there.
void schedule_all(InventoryState& state, ZoneInventory& out) {
  std::map<Name, std::vector<RecordKey>> keys;
  for (const auto& [name, domain] : state.config.domains) {
    keys.emplace(name, live_keys(domain));
    if (domain.providers.empty() && !is_left_alone(domain)) {
      out.missing.emplace(
          name, ZoneMissing{"no provider is named for it",
                            "set `provider:` on the domain or under `defaults:`, or set `phase: "
                            "discovery`"});
    }
    for (const std::string& provider : domain.providers) {
      ZoneMissing missing = schedule_own(state, domain, provider, keys.at(name), out);
      if (missing.why.empty() || is_left_alone(domain)) continue;
      out.missing.emplace(name, std::move(missing));
    }
  }
  std::vector<Name> apexes;
  for (const auto& [name, found] : state.found) {
    if (found.apex) apexes.push_back(*found.apex);
  }
  for (const auto& [name, list] : keys) {
    for (const RecordKey& key : list) {
      if (!key.name.is_within(name)) schedule_foreign(state, apexes, key);
    }
  }
}

/// The names to read: those of the keys, and all names above them in the zone, where a delegation,
/// a DNAME (RFC 6672) or a wildcard (RFC 4592) may decide about them.
std::vector<Name> names_to_read(const Name& apex, const std::set<RecordKey>& keys) {
  std::set<Name> names;
  for (const RecordKey& key : keys) {
    names.insert(key.name);
    for (Name at = key.name; at != apex && at.is_within(apex);) {
      at = at.parent();
      names.insert(at);
      if (const auto wildcard = at.child("*"); wildcard.ok()) names.insert(*wildcard);
    }
  }
  return {names.begin(), names.end()};
}

// A zone that fails to be read is listed with its error, so that planning holds its domains instead
// of creating records.
LiveZone read_zone(const Host& host, const Name& apex, const std::string& provider,
                   const std::set<RecordKey>& keys) {
  LiveZone zone{.apex = apex, .provider = provider, .from_provider = true};
  auto read = host.provider->read(apex, names_to_read(apex, keys));
  if (!read.ok()) {
    zone.error = sentence(read.error());
    return zone;
  }
  zone.complete = read->complete;
  zone.notices = std::move(read->notices);
  for (const auto& [key, set] : read->sets) {
    if (key.name.is_wildcard()) zone.wildcards.insert(key);
    zone.sets.emplace(key, LiveSet{LiveState::Present, parse_set(key, set), ""});
  }
  // A requested name without records is known to be absent.
  for (const RecordKey& key : keys) zone.sets.try_emplace(key);
  return zone;
}

// A zone without a domain is usually a forgotten one, which anybody can send mail as.
void find_unmanaged(const InventoryState& state, ZoneInventory& out) {
  for (const auto& [name, host] : state.hosts) {
    for (const Name& zone : host.zones) {
      const bool used = std::ranges::any_of(
          state.config.domains, [&](const auto& domain) { return domain.first.is_within(zone); });
      if (!used) out.unmanaged.insert(zone);
    }
  }
}

// Several zones of one name, of which DNS serves one: the name servers that the name has in DNS
// show which. Zones that no domain uses are not looked at, and neither are those that DNS itself
// shows.
void choose_zones(const InventoryState& state, DnsSession& session) {
  if (state.sources != Sources::FilesAndProviders) return;
  for (const auto& [provider, host] : state.hosts) {
    if (!host.listed) continue;
    for (const Name& zone : host.provider->ambiguous_zones()) {
      const bool used = std::ranges::any_of(
          state.config.domains, [&](const auto& domain) { return domain.first.is_within(zone); });
      if (used) host.provider->choose_zone(zone, name_servers(zone, session));
    }
  }
}

// What a host accepts is known without its credentials, which a job that only plans may not have.
HostLimits limits_of(const Config& config, const std::string& provider, const Host& host) {
  Limits limits;
  const auto spec = config.providers.find(provider);
  const ProviderType* type =
      spec == config.providers.end() ? nullptr : find_provider_type(spec->second.type);
  if (host.provider != nullptr) {
    limits = host.provider->limits();
  } else if (type != nullptr) {
    limits = type->limits;
  }
  return {.max_txt_octets = limits.max_txt_octets,
          .max_name_octets = limits.max_name_octets,
          .max_values = limits.max_values,
          .min_ttl = limits.min_ttl,
          .max_ttl = limits.max_ttl};
}

}  // namespace

// Files and provider zones are read one by one; what name servers serve is queried in one batch at
// the end.
ZoneInventory take_inventory(const Config& config, const Providers& providers, Sources sources,
                             DnsSession& session) {
  ZoneInventory out;
  InventoryState state{config, sources, find_hosts(config, providers, sources)};
  find_unlisted(state, session);
  choose_zones(state, session);
  schedule_all(state, out);
  for (const auto& [zone, keys] : state.read) {
    const auto& [apex, provider] = zone;
    out.read.push_back(read_zone(state.hosts.at(provider), apex, provider, keys));
  }
  for (auto& [apex, zone] : state.served) out.served.push_back(std::move(zone));
  query_servers(out.served, session);
  find_unmanaged(state, out);
  for (const auto& [name, host] : state.hosts) {
    out.limits[name] = limits_of(config, name, host);
    if (host.provider == nullptr) continue;
    for (UnusedZone& unused : host.provider->unused_zones()) {
      out.unused.push_back(
          {name, std::move(unused.what), std::move(unused.why), std::move(unused.advice)});
    }
  }
  return out;
}

}  // namespace rampart
