/// Live SPF terms of a service whose own term is a pattern, or that has several.
#include <catch2/catch.hpp>

#include "policies/guardrails/spf.h"
#include "policies/spf/cases.h"
#include "tests/support/spf_zone.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {
namespace {

using Values = std::map<std::string, std::string>;

const std::string kOffice = "v=spf1 ip4:192.0.2.0/28 ";

// What the guardrail on lost senders says of a plan that turns `live` into `after`, where `hub` is
// declared with these values.
std::vector<Finding> lost(const std::string& live, const std::string& after, const Values& with) {
  Config config;
  config.senders = test_senders();
  Domain domain = spf_domain({using_sender("office"), using_sender("hub")});
  domain.senders->back().with = with;
  config.domains.emplace(domain.name, domain);
  World world = world_with({kOffice + live});
  spf::TestZone zone(R"(
    12345.spf07.hub.example TXT v=spf1 ip4:203.0.113.0/26 ~all
    9.spf07.hub.example TXT v=spf1 ip4:203.0.113.64/26 ~all
    old.hub.example TXT v=spf1 ip4:203.0.113.128/26 ~all
    7.spf1.hub.example TXT v=spf1 ip4:203.0.113.192/26 ~all
  )");
  for (const std::string& text : {kOffice + live, kOffice + after}) {
    for (auto& [question, answer] :
         spf::answers_for_tree(zone, domain.name, spf::parse(text).value())) {
      world.answers.emplace(question, answer);
    }
  }
  Plan plan;
  plan.domains = {domain.name};
  const SetChange set{domain.name, std::nullopt,
                      TypedSet{RecordType::TXT, {.ttl = {}, .values = {kOffice + after}}}};
  plan.changes = {{domain.name, domain.name, "files", parse_change(set), Stage::Authorize, {}}};
  return spf_removed(plan, config, world);
}

Sender named(const std::string& id, const std::string& term, const std::string& owner = "") {
  Sender sender{.id = id, .name = id};
  sender.spf = {term};
  sender.spf_shared = owner;
  return sender;
}

}  // namespace

TEST_CASE("a live term is kept for a sender that was declared without the values of its own") {
  for (const std::string term : {"include:12345.spf07.hub.example", "include:old.hub.example"}) {
    CAPTURE(term);
    const auto kept = lost(term + " ~all", "~all", {});
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].code == "spf-sender-removed");
    CHECK(kept[0].severity == Severity::Error);
    CHECK_FALSE(kept[0].withholds.empty());
    CHECK(kept[0].message.find("but hub is still declared for it") != std::string::npos);
    CHECK(kept[0].hint.find(term) != std::string::npos);
  }
}

TEST_CASE("a term of another account is named and may go") {
  const auto other = lost("include:9.spf07.hub.example ~all", "~all", {{"account", "7"}});
  REQUIRE(other.size() == 1);
  CHECK(other[0].code == "spf-term-removed");
  CHECK(other[0].message.find("it belongs to Hub (hub)") != std::string::npos);
}

TEST_CASE("an older term may go where the record has the sender's own") {
  const auto newer = lost("include:old.hub.example ~all", "include:7.spf1.hub.example ~all",
                          {{"account", "7"}, {"nn", "1"}});
  REQUIRE(newer.size() == 1);
  CHECK(newer[0].code == "spf-term-removed");
  CHECK(newer[0].message.find("it belongs to Hub (hub)") != std::string::npos);
}

TEST_CASE("a term belongs to its owner and not to a service that shares it") {
  Config config;
  for (const Sender& sender :
       {named("among", "include:shared.example", "owner"), named("owner", "include:shared.example"),
        named("pattern", "include:{id}.p.example")}) {
    config.senders[sender.id] = std::make_shared<const Sender>(sender);
  }
  const auto ids = [&](const std::string& term) {
    std::vector<std::string> found;
    for (const Sender* one : senders_of_term(term, config)) found.push_back(one->id);
    return found;
  };
  CHECK(ids("include:shared.example") == std::vector<std::string>{"owner", "among"});
  CHECK(ids("include:77.p.example") == std::vector<std::string>{"pattern"});
  CHECK(ids("?include:shared.example").empty());
  CHECK(ids("include:p.example").empty());
  CHECK(sender_of_term("include:shared.example", config)->id == "owner");
  CHECK(sender_of_term("include:nobody.example", config) == nullptr);
}

}  // namespace rampart
