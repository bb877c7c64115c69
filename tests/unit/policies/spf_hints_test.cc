/// The hints for a record that needs too many lookups.
#include <catch2/catch.hpp>

#include "policies/spf/hints.h"
#include "tests/support/spf_zone.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {
namespace {

using Texts = std::vector<std::string>;
using Edit = std::function<void(Domain&)>;

constexpr const char* kZone = R"(
  esp.example TXT v=spf1 include:esp2.example ~all
  esp2.example TXT v=spf1 ip4:203.0.113.0/25 ~all
  optional.example TXT v=spf1 ip4:203.0.113.128/25 ~all
  legacy.example TXT v=spf1 ip4:198.51.100.64/26 ~all
  unaligned.example TXT v=spf1 ip4:198.51.100.128/26 ~all
  shared.example TXT v=spf1 ip4:192.0.2.160/27 ~all
  news.example TXT v=spf1 include:news2.example include:news3.example ~all
  news2.example TXT v=spf1 ip4:192.0.2.128/28 exists:%{i}.news.example ~all
  news3.example TXT v=spf1 ip4:192.0.2.144/28 exists:%{i}.news.example ~all
  small.example TXT v=spf1 ip4:192.0.2.192/28 exists:%{i}.small.example ~all
  suite.example TXT v=spf1 include:esp2.example ip4:198.51.100.0/26 ~all
  macro.example TXT v=spf1 exists:%{i}.macro.example ~all
  upper.example TXT v=spf1 include:macro.example ip4:192.0.2.64/26 ~all
  maybe.example TXT v=spf1 ?include:macro.example ip4:192.0.2.64/26 ~all
  twin.example TXT v=spf1 ip4:198.51.100.0/26 ~all
  lower.example TXT v=spf1 ip4:198.51.100.0/27 ~all
  higher.example TXT v=spf1 ip4:198.51.100.32/27 ~all
  nobody.example TXT v=spf1 -all
  h1.example A 192.0.2.1
  h2.example A 192.0.2.2
)";

Sender sender_at(const std::string& id, IncludeNeeded needed, Aligns aligns,
                 const std::string& category = "transactional") {
  Sender sender{.id = id, .name = id, .category = category};
  sender.spf = {"include:" + id + ".example"};
  sender.include_needed = needed;
  sender.spf_aligns = aligns;
  sender.builtin = true;
  return sender;
}

Config config_of() {
  Config config;
  config.senders = test_senders();
  for (const Sender& sender : {sender_at("legacy", IncludeNeeded::Legacy, Aligns::Yes),
                               sender_at("unaligned", IncludeNeeded::Yes, Aligns::No),
                               sender_at("shared", IncludeNeeded::No, Aligns::Yes),
                               sender_at("news", IncludeNeeded::Yes, Aligns::Yes, "marketing"),
                               sender_at("small", IncludeNeeded::Yes, Aligns::Yes, "marketing"),
                               sender_at("needed", IncludeNeeded::Yes, Aligns::Yes)}) {
    config.senders[sender.id] = std::make_shared<const Sender>(sender);
  }
  Sender sharer = sender_at("sharer", IncludeNeeded::Yes, Aligns::Yes);
  sharer.spf = {"include:shared.example"};
  config.senders["sharer"] = std::make_shared<const Sender>(sharer);
  return config;
}

/// A domain whose live record is `text`, and everything around it.
struct Scene {
  Config config = config_of();
  Domain domain = spf_domain({});
  World world;
  Plan plan;

  Scene(const std::string& text, const Edit& edit) : world(world_with({text})) {
    edit(domain);
    config.domains.emplace(domain.name, domain);
    plan.domains = {domain.name};
    world.answers =
        spf::answers_for_tree(spf::TestZone(kZone), domain.name, spf::parse(text).value());
  }

  Texts ways() const {
    Texts texts;
    for (const SpfCase& item : spf_cases(plan, config, world)) {
      for (const Remediation& way : remediations(item, config, world)) texts.push_back(way.what);
    }
    return texts;
  }
};

/// The ways out of `terms`, those that flatten aside unless `flatten` begins a row of `expected`.
void check(
    const std::string& terms, const Texts& expected, const Edit& edit = [](Domain&) {}) {
  CAPTURE(terms);
  CHECK(Scene("v=spf1 " + terms + " ~all", edit).ways() == expected);
}

/// Flattens nothing further, so that the other ways remain alone.
std::string macros(int count) {
  std::string terms;
  for (int i = 0; i < count; ++i) terms += " exists:%{i}.m" + std::to_string(i) + ".example";
  return terms;
}

Edit declaring(const std::string& id) {
  return [id](Domain& domain) {
    SenderUse use;
    use.sender = config_of().senders.at(id);
    domain.senders->push_back(use);
  };
}

TEST_CASE("an include whose sender does not need it is named with what it saves") {
  check("include:macro.example", {});
  check("include:esp.example", {"drop `include:esp.example` of esp (saves 2 lookups): its MAIL "
                                "FROM is in its own domain, so receivers check SPF there",
                                "set `flatten: always` (saves 2 lookups): 0 instead of 2"});
  check("include:optional.example", {"drop `include:optional.example` of optional (saves 1 "
                                     "lookup): its MAIL FROM can be in its own "
                                     "domain or in one of yours, where receivers check SPF",
                                     "set `flatten: always` (saves 1 lookup): 0 instead of 1"});
  check("include:legacy.example", {"drop `include:legacy.example` of legacy (saves 1 lookup): its "
                                   "include is obsolete and no longer admits anything useful",
                                   "set `flatten: always` (saves 1 lookup): 0 instead of 1"});
  check("include:unaligned.example",
        {"drop `include:unaligned.example` of unaligned (saves 1 lookup): its mail never aligns by "
         "SPF",
         "set `flatten: always` (saves 1 lookup): 0 instead of 1"});
}

TEST_CASE("an include stays while one of those who ask for it needs it") {
  const std::string flat = "set `flatten: always` (saves 1 lookup): 0 instead of 1";
  check("include:shared.example", {flat});
  check("include:shared.example", {flat}, declaring("sharer"));
  check("include:shared.example",
        {"drop `include:shared.example` of shared (saves 1 lookup): its MAIL FROM is in its own "
         "domain, so receivers check SPF there",
         flat},
        declaring("shared"));
  check("include:shared.example", {flat}, [](Domain& domain) {
    declaring("sharer")(domain);
    domain.senders->back().retired = kToday;
  });
}

TEST_CASE("an include that another term doubles is named") {
  check("ip4:198.51.100.0/24 include:twin.example",
        {"drop `include:twin.example` (saves 1 lookup): `ip4:198.51.100.0/24` admits all its "
         "networks",
         "set `flatten: always` (saves 1 lookup): 0 instead of 1"});
  check("include:upper.example include:macro.example",
        {"drop `include:macro.example` (saves 2 lookups): `include:upper.example` includes it as "
         "well"});
  check("include:maybe.example include:macro.example", {});
  check("ip4:198.51.100.0/27 ip4:198.51.100.32/27 include:twin.example",
        {"drop `include:twin.example` (saves 1 lookup): the other terms admit all its networks",
         "set `flatten: always` (saves 1 lookup): 0 instead of 1"});
  check("ip4:198.51.100.0/27 include:twin.example",
        {"set `flatten: always` (saves 1 lookup): 0 instead of 1"});
  check("?ip4:198.51.100.0/24 include:twin.example",
        {"set `flatten: always` (saves 1 lookup): 0 instead of 1"});
  check("ip4:198.51.100.0/24 ?include:twin.example", {});
}

TEST_CASE("of terms that double each other one always stays") {
  check("include:suite.example include:twin.example include:lower.example include:higher.example",
        {"set `flatten: always` (saves 5 lookups): 0 instead of 5",
         "drop `include:higher.example` (saves 1 lookup): `include:suite.example` admits all its "
         "networks",
         "drop `include:lower.example` (saves 1 lookup): `include:suite.example` admits all its "
         "networks",
         "drop `include:twin.example` (saves 1 lookup): `include:suite.example` admits all its "
         "networks"});
  // The needless include goes first, and no longer doubles anything.
  check("include:esp.example include:esp2.example",
        {"set `flatten: always` (saves 3 lookups): 0 instead of 3",
         "drop `include:esp.example` of esp (saves 2 lookups): its MAIL FROM is in its own domain, "
         "so receivers check SPF there"});
}

TEST_CASE("flattening is described by what it saves, and macros stay") {
  check("a:h1.example include:macro.example include:nobody.example",
        {"set `flatten: always` (saves 1 lookup): 3 instead of 4"});
  check("include:twin.example" + macros(9),
        {"set `flatten: always` (saves 1 lookup): 9 instead of 10"});
  check("include:twin.example" + macros(10),
        {"set `flatten: auto` (saves 1 lookup): 10 instead of 11"});
  const auto chosen = [](Flatten mode) {
    return [mode](Domain& domain) { domain.spf->flatten = mode; };
  };
  const std::string refresh = "refresh spf.lock (`rampart spf flatten example.com --write`)";
  check("include:twin.example" + macros(10), {refresh + " (saves 1 lookup): 10 instead of 11"},
        chosen(Flatten::Auto));
  check("include:twin.example", {"set `flatten: always` (saves 1 lookup): 0 instead of 1"},
        chosen(Flatten::Auto));
  check("include:twin.example", {refresh + " (saves 1 lookup): 0 instead of 1"},
        chosen(Flatten::Always));
  check("include:_spf1.example.com" + macros(10), {});
}

TEST_CASE("the dearest marketing sender that stays may move") {
  check("include:small.example include:news.example",
        {"let news send from a sub-domain of its own (saves 5 lookups)"});
  check("include:small.example include:macro.example",
        {"let small send from a sub-domain of its own (saves 2 lookups)"});
  check("include:needed.example", {});
}

TEST_CASE("the hint lists remediations, or what each term costs where there is none") {
  const auto hint = [](const std::string& terms) {
    const Scene scene("v=spf1 " + terms + " ~all", [](Domain&) {});
    const auto found = spf_lookups(scene.plan, scene.config, scene.world);
    REQUIRE(found.size() == 1);
    return found[0].code + ": " + found[0].hint;
  };
  CHECK(hint("include:esp.example include:small.example" + macros(7)) ==
        "spf-lookups: drop `include:esp.example` of esp (saves 2 lookups): its MAIL FROM is in its "
        "own domain, so receivers check SPF there; let small send from a sub-domain of its own "
        "(saves 2 lookups); set `flatten: "
        "auto` (saves 2 lookups): 9 instead of 11");
  CHECK(hint("include:macro.example" + macros(6)) ==
        "spf-lookups-near: include:macro.example costs 2, exists:%{i}.m0.example costs 1, "
        "exists:%{i}.m1.example costs 1, exists:%{i}.m2.example costs 1, exists:%{i}.m3.example "
        "costs 1, exists:%{i}.m4.example costs 1, exists:%{i}.m5.example costs 1; drop a term, or "
        "give a sender its own sub-domain");
}

}  // namespace
}  // namespace rampart
