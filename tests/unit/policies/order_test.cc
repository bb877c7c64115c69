/// Which domains go first on a ramp, by the YAML and by what is published.
#include "policies/ramp/order.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;

const RampPosition kMonitor{Phase::Monitor, 100};
const RampPosition kTenth{Phase::Quarantine, 10};
const RampPosition kHalf{Phase::Quarantine, 50};
const RampPosition kQuarantine{Phase::Quarantine, 100};

/// example.com goes after mail and shop, each at a position of its own.
Config config_with(RampPosition mail, RampPosition shop) {
  Config config;
  const auto add = [&](const std::string& name, RampPosition position) -> Domain& {
    return config.domains.emplace(Name::literal(name), domain_at(name, position)).first->second;
  };
  add("example.com", kMonitor).dmarc.after = {Name::literal("mail.example.com"),
                                              Name::literal("shop.example.com")};
  add("mail.example.com", mail);
  add("shop.example.com", shop);
  return config;
}

const Domain& org(const Config& config) { return config.domains.at(Name::literal("example.com")); }

std::string awaited(const Config& config, RampPosition position) {
  return to_text(awaited_by(org(config), position, config));
}

TEST_CASE("a domain waits for those that are a step behind, by name") {
  CHECK(awaited(config_with(kMonitor, kTenth), kHalf) ==
        "mail.example.com is at monitor, shop.example.com is at quarantine at 10%");
  CHECK(awaited(config_with(kHalf, kTenth), kHalf) == "shop.example.com is at quarantine at 10%");
  CHECK(awaited(config_with(kHalf, kQuarantine), kHalf).empty());
}

TEST_CASE("a domain at its target, a parked and an absent one are not waited for") {
  Config config = config_with(kMonitor, kQuarantine);
  Domain& mail = config.domains.at(Name::literal("mail.example.com"));
  mail.dmarc.target = kMonitor;
  CHECK(awaited(config, kQuarantine).empty());
  mail.dmarc.target = kQuarantine;
  CHECK_FALSE(awaited(config, kQuarantine).empty());
  mail.state = DomainState::Parked;
  CHECK(awaited(config, kQuarantine).empty());
  mail.state = DomainState::Absent;
  CHECK(awaited(config, kQuarantine).empty());
}

TEST_CASE("the gate counts the domains and names those that are missing") {
  const Config config = config_with(kMonitor, kQuarantine);
  const Gate gate = order_gate(org(config), kTenth, config);
  CHECK(gate.kind == GateKind::Order);
  CHECK(to_text(gate.kind) == "order");
  CHECK_FALSE(gate.met);
  CHECK(gate.figure == "1 of 2 domains");
  CHECK(gate.reason ==
        "by `order` other domains reach quarantine at 10% first: mail.example.com is at monitor");
  const Config ready = config_with(kTenth, kQuarantine);
  CHECK(order_gate(org(ready), kTenth, ready).met);
  CHECK(order_gate(org(ready), kTenth, ready).reason.empty());
}

std::string awaited_in_dns(const Config& config, const std::vector<Row>& rows) {
  return to_text(
      awaited_live(org(config), kQuarantine, config, world_with({zone_with("example.com", rows)})));
}

TEST_CASE("what the YAML says is not enough: the record must be published") {
  const Config config = config_with(kQuarantine, kQuarantine);
  const auto record = [](const char* name, const char* value) {
    return Row{name, RecordType::TXT, value};
  };
  const Row mail = record("_dmarc.mail.example.com", "v=DMARC1; p=reject");
  const Row shop = record("_dmarc.shop.example.com", "v=DMARC1; p=quarantine");
  CHECK(awaited_in_dns(config, {mail, shop}).empty());
  CHECK(awaited_in_dns(config, {mail}) == "shop.example.com is published at no position");
  CHECK(awaited_in_dns(config, {mail, record("_dmarc.shop.example.com",
                                             "v=DMARC1; p=quarantine; t=y; pct=50")}) ==
        "shop.example.com is published at quarantine at 50%");
  CHECK(
      awaited_in_dns(config, {mail, shop, record("_dmarc.shop.example.com", "v=DMARC1; p=none")}) ==
      "shop.example.com is published at no position");
}

TEST_CASE("a domain that the run does not read is waited for") {
  Config config = config_with(kQuarantine, kQuarantine);
  config.domains.erase(Name::literal("mail.example.com"));
  CHECK(awaited_in_dns(config,
                       {{"_dmarc.shop.example.com", RecordType::TXT, "v=DMARC1; p=quarantine"}}) ==
        "mail.example.com is not part of this run");
}

}  // namespace
}  // namespace rampart
