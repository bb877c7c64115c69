/// Observing through name servers: zones, their servers, and the answers of each server.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "reconciler/observe/dns_session.h"
#include "reconciler/observe/observe.h"

namespace rampart {

/// A session with the servers and limits of `options`.
DnsSession session_for(const ObserveOptions& options);

/// The zone above a name: exactly one member is set.
struct FoundZone {
  std::optional<Name> apex;
  std::string missing;  ///< Why the domain has no zone of its own.
  std::string error;    ///< Why it could not be determined.
};

/// Finds the zone of each name by its SOA: through the resolvers, from the organizational domain
/// downwards, or at the servers of `--nameserver`. A public suffix is never a domain's own zone.
std::map<Name, FoundZone> find_zones(std::span<const Name> names, DnsSession& session);

/// The zone's name servers as DNS returns them, sorted: through the resolvers, or from those of
/// `--nameserver`. None where nothing answers.
std::vector<Name> name_servers(const Name& zone, DnsSession& session);

/// As the other find_servers, within a session.
std::map<Name, ZoneServers> find_servers(std::span<const Name> zones, DnsSession& session);

/// The answers of one authoritative server.
struct ServerView {
  std::string label;                    ///< "ns1.example.net (192.0.2.1:53)".
  std::map<RecordKey, Answer> answers;  ///< By the key that was queried.
};

/// A zone as its name servers answer.
struct ServedZone {
  Name apex;
  std::set<RecordKey> keys;         ///< What is queried.
  std::set<std::string> providers;  ///< The providers of the zone, by Config.providers.
  std::vector<ServerView> servers;
  std::map<RecordKey, Answer> probes;  ///< By a wildcard's owner: the answer for a name under it
                                       ///< that does not exist; only data and failures.
  std::string error;                   ///< Why there is no server to query.
};

/// Queries all servers of all zones for all keys at once, without recursion, and probes for
/// wildcards. Keys below a zone cut move to zones of their own, which are added to `zones`.
void query_servers(std::vector<ServedZone>& zones, DnsSession& session);

/// The zone by all its servers together: where they differ, the key is Disagree; a server that does
/// not answer is ignored if others do, and named in the detail.
LiveZone merged_view(const ServedZone& zone);

/// The zone by one of its servers.
LiveZone single_view(const ServedZone& zone, const ServerView& server);

/// The name that is probed below `encloser`: made from it by a hash, so that it is the same in
/// every run and exists in no zone.
std::optional<Name> probe_name(const Name& encloser);

}  // namespace rampart
