/// Holds: what enforcement waits for.
#include "reconciler/plan/holds.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

Change change_at(const char* name, const char* provider, Stage stage) {
  const Name domain = Name::literal("example.com");
  const SetChange set{Name::literal(name), std::nullopt, TypedSet{RecordType::TXT, {}}};
  return {domain, domain, provider, parse_change(set), stage, {}};
}

TEST_CASE("a record that two providers write is one record to wait for") {
  Plan plan;
  for (const char* provider : {"files", "mirror"}) {
    plan.changes.push_back(change_at("s1._domainkey.example.com", provider, Stage::Publish));
    plan.changes.push_back(change_at("_dmarc.example.com", provider, Stage::Enforce));
  }
  const std::string start =
      "_dmarc.example.com TXT is held: it waits for s1._domainkey.example.com TXT";
  const std::string end = ", which must be published first; apply this plan, then plan again";
  Plan one = plan;
  hold_for_keys({}, {}, one);
  REQUIRE(one.holds.size() == 2);
  CHECK(one.holds[0].reason == start + end);
  CHECK(one.changes.size() == 2);
  plan.changes.push_back(change_at("s2._domainkey.example.com", "files", Stage::Publish));
  hold_for_keys({}, {}, plan);
  CHECK(plan.holds.at(0).reason == start + " and 1 more record" + end);
}

TEST_CASE("enforcement does not wait for a record that decides about no mail") {
  Plan plan;
  plan.changes = {change_at("_dmarc.example.com", "files", Stage::Enforce),
                  change_at("_smtp._tls.example.com", "files", Stage::Publish)};
  Finding occupied{.severity = Severity::Error, .code = "occupied"};
  occupied.domain = Name::literal("example.com");
  occupied.withholds = {{Name::literal("_mta-sts.example.com"), RecordType::TXT}};
  plan.findings = {occupied};
  hold_for_keys({}, {}, plan);
  CHECK(plan.holds.empty());
  CHECK(plan.changes.size() == 2);
}

TEST_CASE("a domain that goes after others is held by name, and loosening never is") {
  Config config;
  for (const char* name : {"example.com", "mail.example.com"}) {
    config.domains.emplace(Name::literal(name), testing::domain_at(name, {Phase::Quarantine, 100}));
  }
  config.domains.at(Name::literal("example.com")).dmarc.after = {Name::literal("mail.example.com")};
  World world = testing::world_with({testing::zone_with(
      "example.com", {{"_dmarc.mail.example.com", RecordType::TXT, "v=DMARC1; p=none"}})});
  Plan plan;
  plan.changes = {change_at("_dmarc.example.com", "files", Stage::Enforce),
                  change_at("example.com", "files", Stage::Authorize)};
  Plan held = plan;
  hold_for_order(config, world, held);
  REQUIRE(held.holds.size() == 1);
  CHECK(held.holds[0].code == "order-first");
  CHECK(held.holds[0].reason ==
        "_dmarc.example.com TXT is held: by `order` other domains reach quarantine first: "
        "mail.example.com is published at monitor");
  CHECK(held.changes.size() == 1);
  Plan relaxed;
  relaxed.changes = {change_at("_dmarc.example.com", "files", Stage::Relax)};
  hold_for_order(config, world, relaxed);
  CHECK(relaxed.holds.empty());
  world.zones = {testing::zone_with(
      "example.com", {{"_dmarc.mail.example.com", RecordType::TXT, "v=DMARC1; p=quarantine"}})};
  hold_for_order(config, world, plan);
  CHECK(plan.holds.empty());
}

}  // namespace
}  // namespace rampart
