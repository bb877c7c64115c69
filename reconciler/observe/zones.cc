/// Observing through name servers: the zone of each name, and a zone's servers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "mail/dmarc/org_domain.h"
#include "reconciler/observe/dns.h"

namespace rampart {
namespace {

void resolve(DnsSession& session, const std::set<Question>& questions) {
  const std::vector<Question> list(questions.begin(), questions.end());
  session.resolve(list);
}

/// An SOA at the name itself, not at the end of a CNAME.
bool is_apex(const Answer& answer) {
  return answer.status == AnswerStatus::Data && answer.cnames.empty();
}

/// The names from the organizational domain down to `name`.
/// From the top, as delegations are: the first name that does not exist ends the search.
std::vector<Name> names_down_to(const Name& name) {
  const Name org = dmarc::org_domain_psl(name);
  std::vector<Name> chain;
  for (Name at = name; !at.is_root() && at.is_within(org); at = at.parent()) chain.push_back(at);
  std::ranges::reverse(chain);
  return chain;
}

/// The search for one name's zone, one step in each round.
struct Search {
  std::vector<Name> chain;
  std::size_t at = 0;
  bool done = false;
};

// A name without an SOA is no zone and no failure: the next deeper one may be.
void step(Search& search, FoundZone& found, const Answers& answers) {
  const Name& candidate = search.chain[search.at];
  const Answer& answer = answers.at({candidate, RecordType::SOA});
  search.done = true;
  if (is_apex(answer)) {
    found.apex = candidate;
  } else if (answer.status == AnswerStatus::Failed) {
    found.error =
        fmt::format("the zone of {} cannot be found: {}", candidate.text(), answer.detail);
  } else if (answer.status == AnswerStatus::NxDomain) {
    found.missing = fmt::format("{} does not exist", candidate.text());
  } else if (++search.at == search.chain.size()) {
    found.missing = fmt::format("no zone exists at {} or between it and the public suffix above it",
                                search.chain.back().text());
  } else {
    search.done = false;
  }
}

// All searches advance by one name in each round, so that domains of one organization share their
// queries.
std::map<Name, FoundZone> find_by_resolver(std::span<const Name> names, DnsSession& session) {
  std::map<Name, FoundZone> found;
  std::map<Name, Search> searches;
  for (const Name& name : names) {
    if (dmarc::is_public_suffix(name)) {
      found[name].missing = fmt::format("{} is a public suffix", name.text());
    } else {
      searches[name].chain = names_down_to(name);
    }
  }
  while (true) {
    std::set<Question> questions;
    for (const auto& [name, search] : searches) {
      if (!search.done) questions.insert({search.chain[search.at], RecordType::SOA});
    }
    if (questions.empty()) return found;
    resolve(session, questions);
    for (auto& [name, search] : searches) {
      if (!search.done) step(search, found[name], session.answers);
    }
  }
}

std::string list_of(const std::vector<Server>& servers) {
  const auto text = [](const Server& server) { return to_text(server); };
  return fmt::format("{}", fmt::join(servers | std::views::transform(text), ", "));
}

/// The deepest apex that the server of `--nameserver` is authoritative for.
/// A server may be authoritative for a zone and its parent; records belong to the deeper one.
FoundZone deepest(const Name& name, const std::map<Name, Answer>& by_name,
                  const std::vector<Server>& servers) {
  FoundZone found;
  std::string failures;
  for (Name at = name; !at.is_root(); at = at.parent()) {
    const Answer& answer = by_name.at(at);
    if (answer.status == AnswerStatus::Failed) {
      if (failures.empty()) failures = answer.detail;
      continue;
    }
    if (!is_apex(answer)) continue;
    if (dmarc::is_public_suffix(at)) {
      found.missing = fmt::format("{} serves no zone for it but the public suffix {}",
                                  list_of(servers), at.text());
      return found;
    }
    found.apex = at;
    return found;
  }
  if (failures.empty()) {
    found.missing = fmt::format("{} serves no zone for it", list_of(servers));
  } else {
    found.error = failures;
  }
  return found;
}

// One server has to answer for all zones, as in tests and behind split DNS, so no delegation is
// followed.
std::map<Name, FoundZone> find_at_nameserver(std::span<const Name> names, DnsSession& session) {
  std::set<Name> all;
  for (const Name& name : names) {
    for (Name at = name; !at.is_root(); at = at.parent()) all.insert(at);
  }
  std::vector<Query> queries;
  for (const Name& name : all) {
    queries.push_back({{name, RecordType::SOA}, session.nameservers, false});
  }
  std::vector<Answer> answers = session.query(queries);
  std::map<Name, Answer> by_name;
  for (std::size_t index = 0; index < queries.size(); ++index) {
    by_name.emplace(queries[index].question.name, std::move(answers[index]));
  }
  std::map<Name, FoundZone> found;
  for (const Name& name : names) {
    found.emplace(name, deepest(name, by_name, session.nameservers));
  }
  return found;
}

/// The addresses of one name server; why it has none is added to `problems`.
/// Both families: a server that is reachable by one of them is enough.
std::vector<Server> addresses(const Name& host, const Answers& answers, std::string& problems) {
  std::vector<Server> servers;
  std::string failure;
  for (const RecordType type : {RecordType::A, RecordType::AAAA}) {
    const Answer* answer = find_answer(answers, host, type);
    if (answer == nullptr) continue;
    if (answer->status == AnswerStatus::Failed) failure = answer->detail;
    for (const std::string& ip : answer->values_or_none()) servers.push_back({ip, 53});
  }
  if (servers.empty()) {
    problems += fmt::format("{}{} has no address{}{}", problems.empty() ? "" : "; ", host.text(),
                            failure.empty() ? "" : ": ", failure);
  }
  return servers;
}

// A name server without an address is named in the error only if no other can be queried.
ZoneServers servers_of(const Name& zone, const Answers& answers) {
  const Answer& ns = answers.at({zone, RecordType::NS});
  ZoneServers found;
  if (ns.status == AnswerStatus::Failed) {
    found.error = fmt::format("the name servers of {} cannot be found: {}", zone.text(), ns.detail);
    return found;
  }
  std::string problems;
  for (const std::string& host : ns.values_or_none()) {
    const auto name = Name::parse(host);
    if (!name.ok()) continue;
    for (Server& server : addresses(*name, answers, problems)) {
      found.servers.emplace_back(name->text(), std::move(server));
    }
  }
  std::ranges::sort(found.servers);
  const auto repeated = std::ranges::unique(found.servers);
  found.servers.erase(repeated.begin(), repeated.end());
  if (found.servers.empty()) {
    found.error = problems.empty() ? fmt::format("{} has no name servers", zone.text())
                                   : fmt::format("no name server of {} can be queried: {}",
                                                 zone.text(), problems);
  }
  return found;
}

}  // namespace

std::map<Name, FoundZone> find_zones(std::span<const Name> names, DnsSession& session) {
  return session.nameservers.empty() ? find_by_resolver(names, session)
                                     : find_at_nameserver(names, session);
}

std::vector<Name> name_servers(const Name& zone, DnsSession& session) {
  const Question question{zone, RecordType::NS};
  Answer answer;
  if (session.nameservers.empty()) {
    session.resolve(std::array{question});
    answer = session.answers.at(question);
  } else {
    const std::array queries = {Query{question, session.nameservers, false}};
    answer = session.query(queries).front();
  }
  std::set<Name> names;
  // Without an answer there is no name server to compare with, and nothing is chosen by it.
  for (const std::string& value : answer.values_or_none()) {
    if (const auto name = Name::parse(value); name.ok()) names.insert(*name);
  }
  return {names.begin(), names.end()};
}

// Two batches: the NS sets, then the addresses of all hosts that they name.
std::map<Name, ZoneServers> find_servers(std::span<const Name> zones, DnsSession& session) {
  std::map<Name, ZoneServers> found;
  if (!session.nameservers.empty()) {
    ZoneServers fixed;
    for (const Server& server : session.nameservers) fixed.servers.emplace_back("", server);
    for (const Name& zone : zones) found.emplace(zone, fixed);
    return found;
  }
  std::set<Question> questions;
  for (const Name& zone : zones) questions.insert({zone, RecordType::NS});
  resolve(session, questions);
  questions.clear();
  for (const Name& zone : zones) {
    // servers_of() reports the zone whose name servers got no answer.
    for (const std::string& host : session.answers.at({zone, RecordType::NS}).values_or_none()) {
      const auto name = Name::parse(host);
      if (!name.ok()) continue;
      questions.insert({*name, RecordType::A});
      questions.insert({*name, RecordType::AAAA});
    }
  }
  resolve(session, questions);
  for (const Name& zone : zones) found.emplace(zone, servers_of(zone, session.answers));
  return found;
}

std::map<Name, ZoneServers> find_servers(std::span<const Name> zones,
                                         const ObserveOptions& options) {
  DnsSession session = session_for(options);
  return find_servers(zones, session);
}

}  // namespace rampart
