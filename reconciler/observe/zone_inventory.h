/// Which zones hold the names of all domains, and the records in them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/observe/dns.h"

namespace rampart {

/// Where zones and their records are read.
enum class Sources {
  FilesAndProviders,  ///< Files and providers.
  ForPlanning,        ///< Files; zones are listed by providers and their records queried in DNS.
  FilesAndDns,        ///< Files; else name servers alone, for which no credentials are needed.
  ServersOnly,        ///< Name servers even for zones that are files.
};

/// The zones of a run with what was read of them.
struct ZoneInventory {
  std::vector<LiveZone> read;      ///< From files and providers, and those that cannot be read.
  std::vector<ServedZone> served;  ///< From name servers.
  std::map<Name, ZoneMissing> missing;       ///< Domains without a zone, and why.
  std::set<Name> unmanaged;                  ///< Zones at the providers that contain no domain.
  std::vector<UnusedZoneNote> unused;        ///< What providers found and do not use, sorted.
  std::map<std::string, HostLimits> limits;  ///< By provider.
};

/// Finds and reads the zones of every domain.
ZoneInventory take_inventory(const Config& config, const Providers& providers, Sources sources,
                             DnsSession& session);

/// A World of these zones, sorted, with public keys and spf.lock read; its questions are open.
World world_of(const ZoneInventory& inventory, std::vector<LiveZone> served, const Config& config,
               const ObserveOptions& options);

/// `view` of `served`, once for each provider of the zone.
std::vector<LiveZone> for_providers(const ServedZone& served, const LiveZone& view);

/// Resolves what the policies still need to know, until they need nothing more.
void answer_questions(const Config& config, World& world, DnsSession& session);

}  // namespace rampart
