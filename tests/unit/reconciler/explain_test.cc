/// `explain`: what is published, what is blocked, and what a rotation does next.
#include "reconciler/plan/explain.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using testing::domain_at;
using testing::Row;

const Date kDay = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};

Explanation explained(const Domain& domain, const std::vector<Row>& rows) {
  Config config;
  config.domains.emplace(domain.name, domain);
  World world = testing::world_with({testing::zone_with("example.com", rows)});
  world.now = Time(kDay);
  return explain(domain, config, world);
}

std::string state_at(const Explanation& all, const char* name, RecordType type) {
  for (const RecordWhy& record : all.records) {
    if (record.key == RecordKey{Name::literal(name), type}) return record.state;
  }
  return "not listed";
}

TEST_CASE("a rotation without any key changes nothing of the one before it") {
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.rotations.resize(2);
  domain.rotations[0].name = "office";
  domain.rotations[0].current = "office-20261101";
  domain.rotations[1].name = "shop";
  const Explanation all = explained(domain, {});
  REQUIRE(all.selectors.size() == 1);
  CHECK(all.selectors[0].what == "make the next key");
  CHECK(all.selectors[0].next == std::chrono::sys_days{std::chrono::year{2027} / 2 / 1});
}

TEST_CASE("a CNAME beside a foreign value is blocked") {
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.selectors.resize(1);
  domain.selectors[0].selector = "s1";
  domain.selectors[0].cname = "s1.keys.example.net";
  const char* const kName = "s1._domainkey.example.com";
  CHECK(state_at(explained(domain, {{kName, RecordType::TXT, "theirs"}}), kName,
                 RecordType::CNAME) == "blocked");
  CHECK(state_at(explained(domain, {{kName, RecordType::CNAME, "s1.keys.example.net"}}), kName,
                 RecordType::CNAME) == "published");
}

TEST_CASE("a change of one type does not concern a record of another at its name") {
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.state = DomainState::Parked;
  const Explanation all = explained(domain, {{"example.com", RecordType::TXT, "v=spf1 -all"}});
  CHECK(state_at(all, "example.com", RecordType::TXT) == "published");
  CHECK(state_at(all, "example.com", RecordType::MX) == "to be created");
}

}  // namespace
}  // namespace rampart
