/// Observing: the Config's questions answered by zone files, providers, name servers and the
/// resolver, gathered into a World.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/resolver/resolver.h"
#include "policies/model/policy.h"
#include "providers/model/provider.h"

namespace rampart {

enum class LiveFrom { Dns, Provider };

struct ObserveOptions {
  Time now;
  LiveFrom live = LiveFrom::Dns;
  std::vector<Server> resolvers;    ///< Flags, else the YAML's, else /etc/resolv.conf.
  std::vector<Server> nameservers;  ///< --nameserver: asked in place of a zone's own.
  bool frozen = false;
  ResolverLimits limits;
};

/// The providers that `config` names, made; an Error keeps its place, so that one bad credential
/// withholds only its own domains. What they say to their hosts goes to `log`, by provider.
using Providers = std::map<std::string, Result<std::unique_ptr<Provider>>>;
Providers make_providers(const Config& config,
                         const std::map<std::string, std::string>& environment, Time now,
                         const TrafficLog& log = {});

/// Reads everything that planning needs. Never fails: what could not be read says so in the World.
World observe(const Config& config, const Providers& providers, const ObserveOptions& options);

/// The names under which a domain's records stand or may stand: apex, _dmarc, selectors, ...
/// Pure; the names that observe() and verify() read.
std::vector<RecordKey> live_keys(const Config& config, const Domain& domain);

/// The authoritative servers of a zone by its NS set, addresses resolved; each with its name.
struct ZoneServers {
  std::vector<std::pair<std::string, Server>> servers;  ///< "ns1.example.net" and its address.
  std::string error;
};
std::map<Name, ZoneServers> find_servers(std::span<const Name> zones, const ObserveOptions&);

}  // namespace rampart
