/// Observing through name servers: all are queried; zone cuts and wildcards are found.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "reconciler/observe/dns.h"

namespace rampart {
namespace {

// Nested delegations: deeper ones are not seen in practice.
constexpr int kCutRounds = 3;

std::vector<Server> servers_in(const ZoneServers& found) {
  std::vector<Server> servers;
  for (const auto& [name, server] : found.servers) servers.push_back(server);
  return servers;
}

/// Every name strictly below the apex that is a key's or is between a key's and the apex.
/// Every name between a key and the apex may be a delegation; wildcards cannot be.
std::set<Name> names_below(const ServedZone& zone) {
  std::set<Name> names;
  for (const RecordKey& key : zone.keys) {
    for (Name at = key.name; at != zone.apex && at.is_within(zone.apex); at = at.parent()) {
      if (!at.is_wildcard()) names.insert(at);
    }
  }
  return names;
}

/// Moves the keys of `zone` at or below `cut` to a zone of their own.
/// Keys move to the child, because the parent's servers would answer them with a referral.
ServedZone split(ServedZone& zone, const Name& cut) {
  ServedZone child{.apex = cut, .providers = zone.providers};
  for (const RecordKey& key : zone.keys) {
    if (key.name.is_within(cut)) child.keys.insert(key);
  }
  for (const RecordKey& key : child.keys) zone.keys.erase(key);
  return child;
}

/// One zone's name that may be an apex of its own.
struct Candidate {
  std::size_t zone;
  Name name;
};

/// Queries the zones' own servers for an SOA at every name below an apex. Data means a zone on the
/// same servers; a failure may mean a delegation, so the resolver is queried then. (Never for a
/// name that just does not exist yet: the resolver would cache that, and verify would see it.)
/// At the zones' own servers, because a resolver's cache would hide a delegation that was added
/// today.
std::vector<Candidate> find_cuts(const std::vector<ServedZone>& zones, std::size_t first,
                                 const std::map<Name, ZoneServers>& servers, DnsSession& session) {
  std::vector<Query> queries;
  std::vector<Candidate> candidates;
  for (std::size_t index = first; index < zones.size(); ++index) {
    const std::vector<Server> list = servers_in(servers.at(zones[index].apex));
    if (list.empty()) continue;
    for (const Name& name : names_below(zones[index])) {
      queries.push_back({{name, RecordType::SOA}, list, false});
      candidates.push_back({index, name});
    }
  }
  const std::vector<Answer> answers = session.query(queries);
  std::vector<Question> unclear;
  for (std::size_t index = 0; index < answers.size(); ++index) {
    if (answers[index].status == AnswerStatus::Failed) unclear.push_back(queries[index].question);
  }
  if (session.nameservers.empty()) {
    session.resolve(unclear);
  }
  std::vector<Candidate> cuts;
  for (std::size_t index = 0; index < answers.size(); ++index) {
    const Answer* known = find_answer(session.answers, candidates[index].name, RecordType::SOA);
    const bool failed = answers[index].status == AnswerStatus::Failed;
    const Answer& answer = failed && known != nullptr ? *known : answers[index];
    if (answer.status == AnswerStatus::Data && answer.cnames.empty()) {
      cuts.push_back(candidates[index]);
    }
  }
  return cuts;
}

std::vector<Name> apexes(const std::vector<ServedZone>& zones, std::size_t first) {
  std::set<Name> names;
  for (std::size_t index = first; index < zones.size(); ++index) names.insert(zones[index].apex);
  return {names.begin(), names.end()};
}

/// Splits `zones` at their cuts; returns every zone's servers.
/// Zones found in one round are searched in the next. Each round asks about the new zones only.
std::map<Name, ZoneServers> split_at_cuts(std::vector<ServedZone>& zones, DnsSession& session) {
  std::map<Name, ZoneServers> servers;
  std::size_t first = 0;
  for (int round = 0; round <= kCutRounds && first < zones.size(); ++round) {
    servers.merge(find_servers(apexes(zones, first), session));
    if (round == kCutRounds) break;
    std::vector<Candidate> cuts = find_cuts(zones, first, servers, session);
    // The deepest first, so that each key moves once.
    std::ranges::stable_sort(cuts, std::ranges::greater{}, [](const Candidate& candidate) {
      return candidate.name.labels().size();
    });
    first = zones.size();
    for (const Candidate& cut : cuts) {
      ServedZone child = split(zones[cut.zone], cut.name);
      if (!child.keys.empty()) zones.push_back(std::move(child));
    }
  }
  return servers;
}

// One batch for all zones, servers and keys: latency is paid once.
void query_keys(std::vector<ServedZone>& zones, DnsSession& session) {
  struct Target {
    ServedZone* zone;
    std::size_t server;
  };
  std::vector<Query> queries;
  std::vector<Target> targets;
  const std::map<Name, ZoneServers> servers = split_at_cuts(zones, session);
  for (ServedZone& zone : zones) {
    const ZoneServers& found = servers.at(zone.apex);
    zone.error = found.error;
    for (const auto& [name, server] : found.servers) {
      const std::string address = to_text(server);
      zone.servers.push_back({name.empty() ? address : fmt::format("{} ({})", name, address), {}});
      for (const RecordKey& key : zone.keys) {
        queries.push_back({key, {server}, false});
        targets.push_back({&zone, zone.servers.size() - 1});
      }
    }
  }
  std::vector<Answer> answers = session.query(queries);
  for (std::size_t index = 0; index < queries.size(); ++index) {
    targets[index].zone->servers[targets[index].server].answers.emplace(queries[index].question,
                                                                        std::move(answers[index]));
  }
}

/// Whether any server's answer for the key passed through a CNAME. A DNAME causes one for every
/// name below it (RFC 6672 section 3.1).
bool is_aliased(const ServedZone& zone, const RecordKey& key) {
  return std::ranges::any_of(zone.servers, [&](const ServerView& server) {
    return !server.answers.at(key).cnames.empty();
  });
}

/// The keys of the DNAMEs that may have caused the zone's CNAMEs.
std::set<RecordKey> dname_keys(const ServedZone& zone) {
  std::set<RecordKey> keys;
  for (const RecordKey& key : zone.keys) {
    if (!is_aliased(zone, key)) continue;
    for (Name at = key.name; at != zone.apex && at.is_within(zone.apex);) {
      at = at.parent();
      keys.insert({at, RecordType::DNAME});
    }
  }
  return keys;
}

/// Queries the DNAMEs above all names that are answered by a CNAME, so that a redirection is not
/// taken for a record of its own. Most zones need no query.
void query_redirections(std::vector<ServedZone>& zones, const std::map<Name, ZoneServers>& servers,
                        DnsSession& session) {
  struct Target {
    ServedZone* zone;
    std::size_t server;
  };
  std::vector<Query> queries;
  std::vector<Target> targets;
  for (ServedZone& zone : zones) {
    const std::vector<Server> list = servers_in(servers.at(zone.apex));
    if (list.size() != zone.servers.size()) continue;
    const std::set<RecordKey> keys = dname_keys(zone);
    for (std::size_t index = 0; index < list.size(); ++index) {
      for (const RecordKey& key : keys) {
        queries.push_back({key, {list[index]}, false});
        targets.push_back({&zone, index});
      }
    }
    zone.keys.insert(keys.begin(), keys.end());
  }
  std::vector<Answer> answers = session.query(queries);
  for (std::size_t index = 0; index < queries.size(); ++index) {
    targets[index].zone->servers[targets[index].server].answers.emplace(queries[index].question,
                                                                        std::move(answers[index]));
  }
}

/// Whether a server redirects the names below `encloser` by a DNAME: then no wildcard is there.
bool is_redirected(const ServedZone& zone, const Name& encloser) {
  for (Name at = encloser; at.is_within(zone.apex); at = at.parent()) {
    for (const ServerView& server : zone.servers) {
      const auto dname = server.answers.find({at, RecordType::DNAME});
      const bool found = dname != server.answers.end() &&
                         dname->second.status == AnswerStatus::Data && dname->second.cnames.empty();
      if (found) return true;
    }
    if (at == zone.apex) break;
  }
  return false;
}

/// The possible closest enclosers of the keys (RFC 4592 section 3.3.1): their ancestors in the
/// zone.
std::set<Name> enclosers(const ServedZone& zone) {
  std::set<Name> found;
  for (const RecordKey& key : zone.keys) {
    for (Name at = key.name; at != zone.apex && at.is_within(zone.apex);) {
      at = at.parent();
      if (!at.is_wildcard()) found.insert(at);
    }
  }
  return found;
}

/// An answer for a name that does not exist comes from a wildcard (RFC 4592 section 2.2.1).
/// A wildcard answers for records that do not exist; without this, a plan would see them as live.
void probe_wildcards(std::vector<ServedZone>& zones, const std::map<Name, ZoneServers>& servers,
                     DnsSession& session) {
  struct Probe {
    ServedZone* zone;
    RecordKey wildcard;
  };
  std::vector<Query> queries;
  std::vector<Probe> probes;
  for (ServedZone& zone : zones) {
    const std::vector<Server> list = servers_in(servers.at(zone.apex));
    if (list.empty()) continue;
    for (const Name& encloser : enclosers(zone)) {
      if (is_redirected(zone, encloser)) continue;
      const auto name = probe_name(encloser);
      const auto owner = encloser.child("*");
      if (!name || !owner.ok()) continue;
      for (const RecordType type :
           {RecordType::TXT, RecordType::CNAME, RecordType::MX, RecordType::A, RecordType::AAAA}) {
        queries.push_back({{*name, type}, list, false});
        probes.push_back({&zone, {*owner, type}});
      }
    }
  }
  std::vector<Answer> answers = session.query(queries);
  for (std::size_t index = 0; index < queries.size(); ++index) {
    if (is_void(answers[index])) continue;
    probes[index].zone->probes.emplace(probes[index].wildcard, std::move(answers[index]));
  }
}

}  // namespace

std::optional<Name> probe_name(const Name& encloser) {
  // FNV-1a: the label need not be secret, only improbable in a real zone.
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : encloser.text()) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  const auto name = encloser.child(fmt::format("rampart-probe-{:016x}", hash));
  return name.ok() ? std::optional(*name) : std::nullopt;
}

// Servers are looked up again, as query_keys may have added zones; the session answers from what it
// has learned.
void query_servers(std::vector<ServedZone>& zones, DnsSession& session) {
  query_keys(zones, session);
  const std::map<Name, ZoneServers> servers = find_servers(apexes(zones, 0), session);
  query_redirections(zones, servers, session);
  probe_wildcards(zones, servers, session);
}

}  // namespace rampart
