/// Flattening as the SPF opinion wants it: from the lock, fragments first, old ones last.
#include <catch2/catch.hpp>

#include "policies/spf/fragments.h"
#include "policies/spf/record.h"
#include "policies/spf/spf.h"
#include "tests/support/spf_zone.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {
namespace {

using Texts = std::vector<std::string>;

Domain flat_domain() {
  Domain domain = spf_domain({using_sender("office"), using_sender("suite")});
  domain.spf->flatten = Flatten::Always;
  return domain;
}

SpfLock suite_lock(int count) {
  LockedTerm term{.resolved = kToday, .lookups = 4};
  for (int i = 0; i < count; ++i) {
    term.networks.push_back("10." + std::to_string(i / 100) + "." + std::to_string(i % 100) +
                            ".1/32");
  }
  return {{{"include:_spf.suite.example", term}}};
}

World world_of(const Texts& apex, const std::optional<SpfLock>& lock) {
  World world = world_with(apex);
  if (lock) world.spf_locks[Name::literal("example.com")] = *lock;
  return world;
}

/// "name turn value" for each want.
Texts wants_of(const Opinion& opinion) {
  Texts texts;
  for (const Want& want : opinion.wants) {
    texts.push_back(want.key.name.text() + " " + std::string(to_text(want.turn)) + " " +
                    want.value.value_or("absent"));
  }
  return texts;
}

/// Writes the wants into the world's zone.
void apply(const Opinion& opinion, World& world) {
  auto& sets = world.zones.front().sets;
  for (const Want& want : opinion.wants) {
    sets.erase(want.key);
    if (want.value) sets[want.key] = {LiveState::Present, {.values = {*want.value}}, ""};
  }
}

TEST_CASE("a small lock flattens into the record itself") {
  const Opinion opinion = spf_opinion(flat_domain(), world_of({}, suite_lock(3)));
  CHECK(wants_of(opinion) ==
        Texts{"example.com authorize v=spf1 ip4:192.0.2.0/28 ip4:10.0.0.1 ip4:10.0.1.1 "
              "ip4:10.0.2.1 ~all"});
}

TEST_CASE("without a lock the term stays, and the finding says what to run") {
  const Opinion opinion = spf_opinion(flat_domain(), world_of({}, std::nullopt));
  CHECK(wants_of(opinion) ==
        Texts{"example.com authorize v=spf1 ip4:192.0.2.0/28 include:_spf.suite.example ~all"});
  REQUIRE(opinion.findings.size() == 1);
  CHECK(opinion.findings[0].code == "spf-lock-missing");
  World broken = world_of({}, std::nullopt);
  broken.spf_lock_problem = "it is cut off";
  const Opinion withheld = spf_opinion(flat_domain(), broken);
  CHECK(withheld.findings.at(0).code == "spf-lock-invalid");
  CHECK(withheld.findings.at(0).severity == Severity::Error);
}

TEST_CASE("fragments come before the record that names them, and go after it") {
  World world =
      world_of({"v=spf1 ip4:192.0.2.0/28 include:_spf.suite.example ~all"}, suite_lock(60));
  Opinion opinion = spf_opinion(flat_domain(), world);
  REQUIRE(opinion.wants.size() == 3);
  CHECK(opinion.wants[0].key.name == Name::literal("_spf1.example.com"));
  for (int i = 0; i < 2; ++i)
    CHECK(opinion.wants.at(static_cast<std::size_t>(i)).turn == Turn::Publish);
  CHECK(opinion.wants[2].turn == Turn::Authorize);
  apply(opinion, world);
  const Texts settled = wants_of(spf_opinion(flat_domain(), world));
  CHECK(settled.size() == 3);

  world.spf_locks.begin()->second = suite_lock(3);
  opinion = spf_opinion(flat_domain(), world);
  CHECK(opinion.wants.size() == 1);
  CHECK(opinion.wants[0].turn == Turn::Retire);
  CHECK(opinion.holds.size() == 2);
  CHECK(opinion.holds.at(0).code == "spf-fragment-in-use");
  apply(opinion, world);
  opinion = spf_opinion(flat_domain(), world);
  CHECK(opinion.holds.empty());
  CHECK(opinion.wants.size() == 3);
  CHECK(wants_of(opinion)[0] == "_spf1.example.com retire absent");
  apply(opinion, world);
  CHECK(spf_opinion(flat_domain(), world).wants.size() == 1);
}

TEST_CASE("a second opinion on what was written is the same") {
  World world = world_of({}, suite_lock(60));
  const Opinion first = spf_opinion(flat_domain(), world);
  apply(first, world);
  const Opinion second = spf_opinion(flat_domain(), world);
  for (std::size_t i = 0; i < first.wants.size(); ++i) {
    CHECK(second.wants.at(i).value == first.wants[i].value);
  }
}

TEST_CASE("fragments are read from the zone, never asked for") {
  World world = world_of({}, suite_lock(60));
  apply(spf_opinion(flat_domain(), world), world);
  for (const Question& question : spf_opinion(flat_domain(), world).unknown) {
    CHECK(fragment_number(Name::literal("example.com"), question.name) == 0);
  }
}

TEST_CASE("a vendor that moved ahead of the lock is reported") {
  World world = world_of({}, suite_lock(1));
  spf::TestZone zone("_spf.suite.example TXT v=spf1 ip4:10.0.0.1 ip4:10.7.0.0/24 ~all\n");
  zone.resolve(spf_opinion(flat_domain(), world).unknown, world.answers);
  const Opinion opinion = spf_opinion(flat_domain(), world);
  REQUIRE(opinion.findings.size() == 1);
  CHECK(opinion.findings[0].code == "spf-lock-behind");
  CHECK(opinion.findings[0].message.find("10.7.0.0/24") != std::string::npos);
}

}  // namespace
}  // namespace rampart
