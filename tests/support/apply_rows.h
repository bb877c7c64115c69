/// Changes, worlds and hosts in a few words, for the tests of applying.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/apply/apply.h"
#include "tests/support/memory_provider.h"

namespace rampart::testing::applying {

inline const char* const kSpf = "v=spf1 -all";
inline const char* const kSofter = "v=spf1 ~all";
inline const char* const kTheirs = "v=spf1 +mx -all";

inline RecordSet set(std::set<std::string> values, int ttl = 3600) {
  return {std::chrono::seconds(ttl), std::move(values)};
}

inline RecordKey txt(const char* name) { return {Name::literal(name), RecordType::TXT}; }
inline RecordKey cname(const char* name) { return {Name::literal(name), RecordType::CNAME}; }

/// A TXT set's change in a zone at a host.
struct Row {
  const char* zone;
  const char* name;
  std::set<std::string> before;  ///< Empty: none is live.
  std::set<std::string> after;   ///< Empty: none is wanted.
  Stage stage = Stage::Publish;
  const char* host = "a";
};

inline std::optional<TypedSet> side(const std::set<std::string>& values) {
  if (values.empty()) return std::nullopt;
  return TypedSet{RecordType::TXT, set(values)};
}

inline Change change(const Row& row) {
  return {Name::literal(row.zone),
          Name::literal(row.zone),
          row.host,
          parse_change({Name::literal(row.name), side(row.before), side(row.after)}),
          row.stage,
          {"because"}};
}

inline Plan plan(const std::vector<Row>& rows) {
  Plan plan;
  for (const Row& row : rows) plan.changes.push_back(change(row));
  return plan;
}

/// A world in which the rows' `before` is live.
inline World world(const std::vector<Row>& rows) {
  std::map<std::pair<Name, std::string>, LiveZone> zones;
  for (const Row& row : rows) {
    auto [zone, added] = zones.try_emplace({Name::literal(row.zone), row.host},
                                           LiveZone{.apex = Name::literal(row.zone),
                                                    .provider = row.host,
                                                    .from_provider = true,
                                                    .complete = true,
                                                    .sets = {},
                                                    .wildcards = {},
                                                    .error = "",
                                                    .limits = {}});
    if (row.before.empty()) continue;
    zone->second.sets[txt(row.name)] = {LiveState::Present,
                                        parse_set(txt(row.name), set(row.before)), ""};
  }
  World world;
  for (auto& [key, zone] : zones) world.zones.push_back(std::move(zone));
  return world;
}

/// "name: codes" of what is withheld, and the names of what may go, in one line each.
inline std::vector<std::string> shape(const Limited& limited) {
  std::vector<std::string> lines;
  for (const Change& change : limited.plan.changes) lines.push_back("+ " + change.name().text());
  for (const Change& change : limited.already_live) lines.push_back("= " + change.name().text());
  for (const Withheld& withheld : limited.plan.withheld) {
    std::string line = "! " + withheld.change.name().text();
    for (const std::string& code : withheld.codes) line += " " + code;
    lines.push_back(line);
  }
  for (const Finding& finding : limited.plan.findings) lines.push_back("? " + finding.code);
  return lines;
}

/// The hosts of one test, in memory, with a common count of calls.
struct Hosts {
  std::map<std::string, Zones> zones;
  Calls calls;

  Providers providers() {
    Providers providers;
    for (auto& [name, held] : zones) {
      providers.emplace(name, Result<std::unique_ptr<Provider>>(std::make_unique<FlakyProvider>(
                                  std::make_unique<MemoryProvider>(held), calls)));
    }
    return providers;
  }
};

inline Hosts hosts(const std::vector<Row>& rows) {
  Hosts hosts;
  for (const Row& row : rows) {
    auto& sets = hosts.zones[row.host][Name::literal(row.zone)];
    if (!row.before.empty()) sets[txt(row.name)] = set(row.before);
  }
  return hosts;
}

/// "state name" of each outcome, in the order of writing.
inline std::vector<std::string> shape(const std::vector<WriteOutcome>& outcomes) {
  static const std::map<WriteState, std::string> words = {{WriteState::Written, "written"},
                                                          {WriteState::AlreadyLive, "live"},
                                                          {WriteState::Withheld, "withheld"},
                                                          {WriteState::Failed, "failed"},
                                                          {WriteState::Unconfirmed, "unconfirmed"}};
  std::vector<std::string> lines;
  for (const WriteOutcome& outcome : outcomes) {
    lines.push_back(words.at(outcome.state) + " " + outcome.change.name().text() + " " +
                    outcome.change.provider);
  }
  return lines;
}

inline std::vector<WriteOutcome> write(const Plan& plan, Hosts& hosts) {
  return write_plan(plan, hosts.providers(), {});
}

}  // namespace rampart::testing::applying
