/// Which zones hold the names of all domains, and what their providers or name servers say.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/observe/dns.h"

namespace rampart {

/// Who is asked about a zone.
enum class Sources {
  ForPlanning,   ///< Files always; else providers or name servers, as `live` says.
  FilesAndDns,   ///< Files; else name servers, for which no credentials are needed.
  ServersAlone,  ///< Name servers even for zones that are files.
};

/// All that was seen of zones.
struct ZoneInventory {
  std::vector<LiveZone> read;      ///< From files and providers, and those that cannot be read.
  std::vector<ServedZone> served;  ///< From name servers.
  std::map<Name, std::string> missing;
  std::set<Name> unmanaged;
  std::map<std::string, std::optional<int>> max_txt_octets;  ///< By provider.
};

/// Finds and reads the zones of every domain.
ZoneInventory take_inventory(const Config& config, const Providers& providers, Sources sources,
                             DnsSession& session);

/// A World of these zones: sorted, and with everything in it that needs no asking.
World world_of(const ZoneInventory& take_inventory, std::vector<LiveZone> served,
               const Config& config, const ObserveOptions& options);

/// `served`'s view as the zone of each of its providers.
std::vector<LiveZone> for_providers(const ServedZone& served, const LiveZone& view);

/// Asks what the policies still need to know, until they need nothing more.
void answer_questions(const Config& config, World& world, DnsSession& session);

}  // namespace rampart
