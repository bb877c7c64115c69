/// Guardrails on what SPF records refer to, and on how wide their own networks are.
#include <catch2/catch.hpp>

#include "policies/guardrails/names.h"
#include "policies/guardrails/spf.h"
#include "tests/unit/policies/spf_change.h"

namespace rampart {
namespace {

TEST_CASE("an include without an answer is no fault of the plan") {
  Config config;
  config.senders = test_senders();
  const Domain domain = spf_domain({});
  config.domains.emplace(domain.name, domain);
  Plan plan;
  plan.domains = {domain.name};
  SetChange set{domain.name, std::nullopt,
                TypedSet{RecordType::TXT, {.values = {"v=spf1 include:unasked.example ~all"}}}};
  plan.changes = {{domain.name, domain.name, "files", parse_change(set), Stage::Authorize, {}}};
  const auto found = spf_unresolved(plan, config, world_with({}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].severity == Severity::Warning);
}

TEST_CASE("a term is not added whose name certainly does not exist") {
  const Guardrail names = spf_names;
  // RFC 7208 section 5.3, 5.4 and 5.7: such a term matches nobody.
  check(names, {}, "v=spf1 a:old.here.example ~all", {"error name-dangling"});
  check(names, {"v=spf1 a:old.here.example ~all"}, "v=spf1 a:old.here.example ~all",
        {"warning name-dangling"});
  check(names, {"v=spf1 a:old.here.example ~all"}, "v=spf1 a:old.here.example a:here.example ~all",
        {"warning name-dangling"});
  check(names, {}, "v=spf1 mx:here.example ~all", {"error name-dangling"});
  check(names, {}, "v=spf1 a:here.example ~all", {});
  check(names, {}, "v=spf1 a:slow.example ~all", {});
  // Anyone who registers gone.example can send as the domain.
  check(names, {}, "v=spf1 a:h.gone.example ~all", {"error name-dangling", "error takeover"});
  check(names, {}, "v=spf1 include:gone.example ~all", {"error takeover"});
  check(names, {"v=spf1 include:broken.example ~all"}, "v=spf1 include:broken.example ~all",
        {"warning takeover"});
}

TEST_CASE("what a zone holds exists, whatever a resolver has cached") {
  Change1 item{{"v=spf1 ~all"}, "v=spf1 a:new.example.com include:_s.example.com ~all"};
  // The zone of these tests knows no example.com, so that it could be taken as well.
  CHECK(outcome(spf_names, item) ==
        Texts{"error name-dangling", "error takeover", "error takeover"});
  CHECK(outcome(spf_unresolved, item) == Texts{"error spf-unresolved"});
  item.zone = [](LiveZone& zone) {
    for (const auto& [name, type, value] :
         {std::tuple("new.example.com", RecordType::AAAA, "2001:db8::1"),
          std::tuple("_s.example.com", RecordType::TXT, "v=spf1 ip4:192.0.2.1 ~all")}) {
      const RecordKey key{Name::literal(name), type};
      zone.sets[key] = {LiveState::Present, parse_set(key, {.values = {value}}), ""};
    }
  };
  CHECK(outcome(spf_names, item).empty());
  CHECK(outcome(spf_unresolved, item) == Texts{"warning spf-unresolved"});
}

TEST_CASE("a null MX beside a record that lets hosts send") {
  Change1 item{{"v=spf1 ip4:192.0.2.0/28 ~all"}, "v=spf1 ip4:192.0.2.0/28 ~all"};
  item.zone = [](LiveZone& zone) {
    const RecordKey key{zone.apex, RecordType::MX};
    zone.sets[key] = {LiveState::Present, parse_set(key, {.values = {"0 ."}}), ""};
  };
  // RFC 7505 section 4.2.
  CHECK(outcome(spf_names, item) == Texts{"warning mx-null-sender"});
  item.live = {item.after = "v=spf1 -all"};
  CHECK(outcome(spf_names, item).empty());
}

TEST_CASE("a flattened include is as wide as the include was") {
  // Live already, in the catalogue, and not in the catalogue.
  for (const char* include : {"include:_spf.big.example", "include:wide.example"}) {
    check(spf_wide, {std::string("v=spf1 ") + include + " ~all"},
          "v=spf1 ip4:198.51.0.0/16 ip4:10.0.0.0/8 ~all",
          include[8] == 'w' ? Texts{"warning spf-private"} : Texts{"error spf-wide"});
  }
  // A catalogue sender that is added and flattened at once: its vendor chose the width.
  Change1 item{{"v=spf1 ~all"}, "v=spf1 ip4:20.0.0.0/12 ~all"};
  CHECK(outcome(spf_wide, item) == Texts{"error spf-wide"});
  item.edit = [](Domain& domain) { domain.senders->push_back(using_sender("suite")); };
  item.lock = SpfLock{{{"include:_spf.suite.example", {.networks = {"20.0.0.0/12"}}}}};
  CHECK(outcome(spf_wide, item).empty());
  item.after = "v=spf1 ip4:20.0.0.0/12 ip4:30.0.0.0/14 ~all";
  CHECK(outcome(spf_wide, item) == Texts{"error spf-wide"});
}

TEST_CASE("networks of the record itself that no list of senders has are a warning when live") {
  const auto live = [](const std::string& terms, const Texts& expected) {
    check(spf_wide, {"v=spf1 " + terms + " ~all"}, "v=spf1 " + terms + " ~all", expected);
  };
  live("ip4:52.0.0.0/11", {"warning spf-broad"});
  live("ip6:2600::/20", {"warning spf-broad"});
  live("ip4:10.1.0.0/16 ip6:fd00::/8", {"warning spf-private"});
  live("ip4:52.0.0.0/16", {});
  live("include:wide.example", {});
}

}  // namespace
}  // namespace rampart
