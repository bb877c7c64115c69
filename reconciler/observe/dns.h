/// Observing through name servers: where zones lie, who serves them, and what each server says.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "reconciler/observe/observe.h"

namespace rampart {

/// One run's asking: whom, how patiently, what recursive servers said, and what was learnt about
/// servers meanwhile.
struct DnsSession {
  const ObserveOptions& options;
  ServerHistory history;
  Answers answers;
};

/// The zone above a name: exactly one member is set.
struct FoundZone {
  std::optional<Name> apex;
  std::string missing;  ///< There is none of the domain's own, and why.
  std::string error;    ///< Nobody could say.
};

/// Finds the zone of each name by its SOA: through the resolvers, from the organizational domain
/// downwards, or at the servers of `--nameserver`. A public suffix is nobody's own zone.
std::map<Name, FoundZone> find_zones(std::span<const Name> names, DnsSession& session);

/// As find_servers, within a run.
std::map<Name, ZoneServers> find_servers(std::span<const Name> zones, DnsSession& session);

/// What one authoritative server says.
struct ServerView {
  std::string label;  ///< "ns1.example.net (192.0.2.1:53)".
  std::map<RecordKey, Answer> answers;
};

/// A zone as its name servers show it.
struct ServedZone {
  Name apex;
  std::set<RecordKey> keys;         ///< What is asked.
  std::set<std::string> providers;  ///< Whose zone it is, by Config.providers.
  std::vector<ServerView> servers;
  std::map<RecordKey, Answer> probes;  ///< By a wildcard's owner: what a name beneath it gets.
  std::string error;                   ///< There is no server to ask, and why.
};

/// Asks all servers of all zones for all keys at once, without recursion, and looks for wildcards.
/// Keys that lie behind a zone cut move to zones of their own, which are added to `zones`.
void ask_servers(std::vector<ServedZone>& zones, DnsSession& session);

/// The zone as all its servers show it together: where they differ, the key disagrees; a server
/// that says nothing is outvoted by those that answer, and named in the detail.
LiveZone merged_view(const ServedZone& zone);

/// The zone as one of its servers shows it.
LiveZone single_view(const ServedZone& zone, const ServerView& server);

/// The name that is probed below `encloser`: made from it by a hash, so that it never changes and
/// stands nowhere.
std::optional<Name> probe_name(const Name& encloser);

}  // namespace rampart
