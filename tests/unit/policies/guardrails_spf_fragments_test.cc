/// The guardrails on SPF where a record has fragments, or is at two providers.
#include <catch2/catch.hpp>

#include "policies/guardrails/spf.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {
namespace {

using Texts = std::vector<std::string>;

/// Findings of a plan that turns `live` into a record with `_spf1` and `_spf2`, where the fragments
/// are live or are written ("+name value", "-name") as `fragments` says.
Texts fragment_findings(const std::string& live, const Texts& fragments, const Finding& other,
                        LiveState unread = LiveState::Absent) {
  Config config;
  const Domain domain = spf_domain({using_sender("office")});
  config.domains.emplace(domain.name, domain);
  World world = world_with({live});
  Plan plan;
  plan.domains = {domain.name};
  plan.findings = {other};
  const auto change = [&](const Name& name, const std::string& value) {
    SetChange set{name, std::nullopt, TypedSet{RecordType::TXT, {.values = {value}}}};
    if (value.empty()) std::swap(set.before, set.after);
    plan.changes.push_back(
        {domain.name, domain.name, "files", parse_change(set), Stage::Authorize, {}});
  };
  const std::string after = "v=spf1 include:_spf1.example.com include:_spf2.example.com ~all";
  if (live != after) change(domain.name, after);
  for (const char* name : {"_spf1.example.com", "_spf2.example.com"}) {
    world.zones[0].sets[{Name::literal(name), RecordType::TXT}] = {unread, {}, ""};
  }
  for (const std::string& text : fragments) {
    const Name name = Name::literal(text.substr(1, 17));
    const std::string value = text.size() > 19 ? text.substr(19) : "";
    if (text[0] != '=') change(name, value);
    if (text[0] != '+') {
      const RecordKey key{name, RecordType::TXT};
      const std::string live_value = text[0] == '=' ? value : "v=spf1 ~all";
      world.zones[0].sets[key] = {LiveState::Present, parse_set(key, {.values = {live_value}}), ""};
    }
  }
  Texts texts;
  for (const Finding& finding : spf_fragment_missing(plan, config, world)) {
    CHECK(finding.withholds.empty() == (finding.severity != Severity::Error));
    texts.push_back(std::string(to_text(finding.severity)) + " " +
                    finding.message.substr(finding.message.find("_spf"), 5));
  }
  return texts;
}

TEST_CASE("a record waits for the fragments that it includes") {
  const std::string flat = "v=spf1 ip4:192.0.2.1 ~all";
  const auto check_fragments = [&](const Texts& fragments, const Texts& expected,
                                   const std::string& live = "v=spf1 ~all") {
    CAPTURE(fragments, live);
    CHECK(fragment_findings(live, fragments, {}) == expected);
  };
  const Texts both = {"error _spf1", "error _spf2"};
  check_fragments({}, both);
  check_fragments({"=_spf1.example.com " + flat}, {"error _spf2"});
  check_fragments({"=_spf1.example.com " + flat, "+_spf2.example.com " + flat}, {});
  check_fragments({"+_spf1.example.com " + flat, "+_spf2.example.com " + flat}, {});
  check_fragments({"=_spf1.example.com a verification", "+_spf2.example.com " + flat},
                  {"error _spf1"});
  check_fragments({"-_spf1.example.com", "+_spf2.example.com " + flat}, {"error _spf1"});
  // What is missing already is not made worse; what does not change is not looked at.
  check_fragments({"+_spf2.example.com " + flat}, {"warning _spf1"},
                  "v=spf1 include:_spf1.example.com ~all");
  check_fragments({}, {}, "v=spf1 include:_spf1.example.com include:_spf2.example.com ~all");
  const Texts written = {"+_spf1.example.com " + flat, "+_spf2.example.com " + flat};
  Finding kept_back{.severity = Severity::Error, .code = "occupied"};
  kept_back.withholds = {{Name::literal("_spf1.example.com"), RecordType::TXT}};
  CHECK(fragment_findings("v=spf1 ~all", written, kept_back) == Texts{"error _spf1"});
  CHECK(fragment_findings("v=spf1 ~all", {}, {}, LiveState::Unobservable).empty());
}

TEST_CASE("a change of a fragment alone is checked, and withheld with it") {
  const auto errors_of = [](const std::string& before, const std::string& after) {
    Config config;
    const Domain domain = spf_domain({using_sender("office")});
    config.domains.emplace(domain.name, domain);
    World world = world_with({"v=spf1 include:_spf1.example.com ~all"});
    const RecordKey key{Name::literal("_spf1.example.com"), RecordType::TXT};
    world.zones[0].sets[key] = {LiveState::Present, parse_set(key, {.values = {before}}), ""};
    const auto set = [](const std::string& value) {
      return std::optional(TypedSet{RecordType::TXT, {.values = {value}}});
    };
    Plan plan;
    plan.domains = {domain.name};
    plan.changes = {{domain.name,
                     domain.name,
                     "files",
                     parse_change({key.name, set(before), set(after)}),
                     Stage::Authorize,
                     {}}};
    Texts codes;
    for (const Finding& finding : spf_guardrails(plan, config, world)) {
      if (finding.severity != Severity::Error) continue;
      CHECK(std::ranges::find(finding.withholds, key) != finding.withholds.end());
      codes.push_back(finding.code);
    }
    return codes;
  };
  const std::string office = "v=spf1 ip4:192.0.2.0/28 ~all";
  CHECK(errors_of(office, "v=spf1 ip4:192.0.2.0/28 ip4:203.0.113.7 ~all").empty());
  CHECK(errors_of(office, "v=spf1 ip4:192.0.2.0/28 ip4:10.0.0.0/9 ~all") == Texts{"spf-wide"});
  CHECK(errors_of(office, "v=spf1 ip4:203.0.113.7 ~all") == Texts{"spf-sender-removed"});
}

TEST_CASE("a fragment that could not be read is not taken for missing") {
  Config config;
  const Domain domain = spf_domain({using_sender("office")});
  config.domains.emplace(domain.name, domain);
  World world = world_with({"v=spf1 include:_spf1.example.com ~all"});
  const RecordKey key{Name::literal("_spf1.example.com"), RecordType::TXT};
  Plan plan;
  plan.domains = {domain.name};
  const auto reported = [&](LiveState state) {
    world.zones[0].sets[key] = {state, {}, ""};
    const auto found = spf_unresolved(plan, config, world);
    return found.size() == 1 && found[0].message.find("no SPF record") != std::string::npos;
  };
  CHECK(reported(LiveState::Absent));
  CHECK_FALSE(reported(LiveState::Unobservable));
}

TEST_CASE("what any of two providers gains or loses is shown") {
  Config config;
  Domain domain = spf_domain({using_sender("office")});
  domain.providers = {"files", "mirror"};
  config.domains.emplace(domain.name, domain);
  World world = world_with({"v=spf1 ip4:203.0.113.9 ~all"});
  world.zones.push_back(world_with({"v=spf1 ip4:192.0.2.0/28 ~all"}).zones[0]);
  world.zones[1].provider = "mirror";
  Plan plan;
  plan.domains = {domain.name};
  const std::string after = "v=spf1 ip4:192.0.2.0/28 ip4:198.51.100.7 ~all";
  for (const char* provider : {"files", "mirror"}) {
    SetChange set{domain.name, std::nullopt, TypedSet{RecordType::TXT, {.values = {after}}}};
    plan.changes.push_back(
        {domain.name, domain.name, provider, parse_change(set), Stage::Authorize, {}});
  }
  const SpfDelta delta = authority_of_spf(plan, config, world).at(domain.name);
  CHECK(delta.gains ==
        std::vector{Permission::parse("ip4:192.0.2.0/28"), Permission::parse("ip4:198.51.100.7")});
  CHECK(delta.loses == std::vector{Permission::parse("ip4:203.0.113.9")});
}

}  // namespace
}  // namespace rampart
