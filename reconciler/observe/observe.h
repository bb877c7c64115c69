/// Observing: the Config's questions answered by zone files, providers, name servers and the
/// resolver, gathered into a World.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dns/resolver/resolver.h"
#include "policies/model/policy.h"
#include "providers/model/provider.h"

namespace rampart {

/// Where records of zones other than files are read.
enum class LiveFrom { Dns, Provider };

/// How to observe.
struct ObserveOptions {
  Time now;                         ///< The run's clock.
  LiveFrom live = LiveFrom::Dns;    ///< `--live`.
  std::vector<Server> resolvers;    ///< Flags, else the YAML's, else /etc/resolv.conf.
  std::vector<Server> nameservers;  ///< --nameserver: in place of a zone's own servers.
  bool frozen = false;              ///< RAMPART_FREEZE is set.
  ResolverLimits limits;
};

/// The providers that `config` names. One that could not be made is an Error in its place, so that
/// a bad credential withholds only its own domains. Their traffic is logged to `log`, by provider.
using Providers = std::map<std::string, Result<std::unique_ptr<Provider>>>;
Providers make_providers(const Config& config,
                         const std::map<std::string, std::string>& environment, Time now,
                         const TrafficLog& log = {});

/// Reads everything that planning needs. Never fails: what could not be read is marked in the
/// World.
World observe(const Config& config, const Providers& providers, const ObserveOptions& options);

/// The keys at which a domain's records exist or may exist: apex, _dmarc, selectors, ...; what
/// observe() and verify() read. Pure.
std::vector<RecordKey> live_keys(const Domain& domain);

/// The authoritative servers of a zone by its NS set, addresses resolved; each with its name.
struct ZoneServers {
  std::vector<std::pair<std::string, Server>> servers;  ///< "ns1.example.net" and its address.
  std::string error;                                    ///< Why there are none, or empty.
};
/// The servers of every zone, resolved together.
std::map<Name, ZoneServers> find_servers(std::span<const Name> zones, const ObserveOptions&);

}  // namespace rampart
