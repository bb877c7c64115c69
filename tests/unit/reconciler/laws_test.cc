/// The laws of planning, over thousands of generated worlds.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "mail/spf/spf.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/plan/diff.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

// How many worlds each law sees: few by default, thousands where RAMPART_WORLDS says so.
unsigned worlds() {
  const char* asked = std::getenv("RAMPART_WORLDS");
  return asked == nullptr ? 60U : static_cast<unsigned>(std::stoul(asked));
}

// A small deterministic source of choices; the seed is printed when a case fails.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<unsigned>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + below(static_cast<int>(choices.size())));
  }

 private:
  std::mt19937 engine_;
};

const std::string kKeyA = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const std::string kKeyB = "v=DKIM1; k=ed25519; p=PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

std::shared_ptr<const Sender> sender(std::string id, std::vector<std::string> spf) {
  Sender made;
  made.id = id;
  made.name = id;
  made.spf = std::move(spf);
  made.spf_aligns = Aligns::Yes;
  made.dkim_aligns = Aligns::Yes;
  return std::make_shared<const Sender>(std::move(made));
}

std::shared_ptr<const Ramp> standard_ramp() {
  Ramp ramp;
  ramp.name = "standard";
  ramp.max_domains_per_run = 1000;
  const Duration fortnight{14, Duration::Unit::Days};
  ramp.steps = {{{Phase::Monitor, 100}, fortnight},   {{Phase::Quarantine, 10}, fortnight},
                {{Phase::Quarantine, 50}, fortnight}, {{Phase::Quarantine, 100}, fortnight},
                {{Phase::Reject, 10}, fortnight},     {{Phase::Reject, 50}, fortnight},
                {{Phase::Reject, 100}, std::nullopt}};
  return std::make_shared<const Ramp>(std::move(ramp));
}

Domain random_domain(Dice& dice, const Name& name) {
  static const std::vector<std::shared_ptr<const Sender>> kSenders = {
      sender("office", {"ip4:192.0.2.0/28"}), sender("shop", {"ip4:198.51.100.7"}),
      sender("news", {"ip6:2001:db8::/48", "ip4:203.0.113.0/24"})};
  Domain domain{.name = name, .providers = {"files"}, .dmarc = {}, .mark = {"domains.yaml", 1, 1}};
  domain.dmarc.ramp = standard_ramp();
  domain.dmarc.position = dice.pick<RampPosition>({{Phase::Discovery, 100},
                                                   {Phase::Spf, 100},
                                                   {Phase::Dkim, 100},
                                                   {Phase::Monitor, 100},
                                                   {Phase::Quarantine, 10},
                                                   {Phase::Quarantine, 100},
                                                   {Phase::Reject, 50},
                                                   {Phase::Reject, 100}});
  domain.dmarc.rua = {"mailto:dmarc@" + name.text()};
  if (dice.one_in(3)) domain.ttl = std::chrono::seconds(300);
  domain.senders.emplace();
  for (const auto& one : kSenders) {
    if (dice.one_in(2))
      domain.senders->push_back({.sender = one, .with = {}, .retired = {}, .mark = {}});
  }
  for (const char* selector : {"s1", "s2"}) {
    if (!dice.one_in(2)) continue;
    SelectorSpec spec;
    spec.selector = selector;
    if (dice.one_in(3)) {
      spec.cname = std::string(selector) + ".keys.example.net";
    } else {
      spec.txt = dice.one_in(2) ? kKeyA : kKeyB;
    }
    domain.selectors.push_back(spec);
  }
  if (dice.one_in(12)) domain.state = DomainState::Parked;
  if (dice.one_in(12)) domain.state = DomainState::Absent;
  return domain;
}

LiveSet present(std::set<std::string> values, int ttl) {
  return {LiveState::Present, {std::chrono::seconds(ttl), std::move(values)}, ""};
}

void random_apex(Dice& dice, const Name& name, LiveZone& zone) {
  std::set<std::string> apex;
  if (dice.one_in(2)) apex.insert("site-verification=abc");
  if (dice.one_in(4)) apex.insert("v=spf10 is not ours");
  if (dice.one_in(2)) apex.insert("v=spf1 ip4:192.0.2.0/28 ~all");
  if (dice.one_in(4)) apex.insert("v=spf1 include:_spf.elsewhere.example -all");
  if (!apex.empty()) zone.sets[{name, RecordType::TXT}] = present(apex, dice.pick({60, 3600}));
}

void random_zone_content(Dice& dice, const Name& name, LiveZone& zone) {
  random_apex(dice, name, zone);
  const Name dmarc = name.child("_dmarc").value();
  const Name s1 = name.child("s1._domainkey").value();
  const Name s2 = name.child("s2._domainkey").value();
  switch (dice.below(6)) {
    case 0:
      zone.sets[{dmarc, RecordType::TXT}] = present({"v=DMARC1; p=none"}, 300);
      break;
    case 1:
      zone.sets[{dmarc, RecordType::TXT}] = present({"v=DMARC1; p=quarantine; pct=10; t=y"}, 300);
      break;
    case 2:
      zone.sets[{dmarc, RecordType::TXT}] = present({"v=dmarc1; p=none"}, 300);
      break;
    case 3:
      zone.sets[{dmarc, RecordType::TXT}] = present({"v=DMARC1; p=reject"}, 3600);
      break;
    case 4:
      zone.sets[{dmarc, RecordType::CNAME}] = present({"d.hosted.example.net"}, 300);
      break;
    default:
      break;
  }
  if (dice.one_in(3)) zone.sets[{s1, RecordType::TXT}] = present({kKeyA}, 3600);
  if (dice.one_in(4)) zone.sets[{s2, RecordType::TXT}] = present({"somebody else's note"}, 3600);
  if (dice.one_in(8)) {
    zone.sets[{s1, RecordType::TXT}] = {LiveState::Unobservable, {}, "127.0.0.1:53: timeout"};
  }
  if (dice.one_in(5)) zone.sets[{name, RecordType::MX}] = present({"10 mx.example.net"}, 3600);
}

struct Case {
  Config config;
  World world;
};

Case random_case(unsigned seed) {
  Dice dice(seed);
  Case made;
  made.config.file = "domains.yaml";
  made.world.now = *parse_time("2026-11-21T00:00:00Z");
  for (const char* text : {"a.example", "b.example", "sub.b.example"}) {
    const Name name = Name::literal(text);
    made.config.domains.emplace(name, random_domain(dice, name));
    LiveZone zone{.apex = name,
                  .provider = "files",
                  .from_provider = true,
                  .complete = true,
                  .sets = {},
                  .wildcards = {},
                  .error = {},
                  .max_txt_octets = {}};
    random_zone_content(dice, name, zone);
    made.world.zones.push_back(std::move(zone));
  }
  return made;
}

// What stands after every change of the plan has been written.
World after(const World& world, const Plan& plan) {
  World next = world;
  for (const Change& change : plan.changes) {
    for (LiveZone& zone : next.zones) {
      if (zone.apex != change.zone) continue;
      if (change.set.before) zone.sets.erase({change.name(), change.set.before->type});
      if (!change.set.after) continue;
      zone.sets[{change.name(), change.set.after->type}] = {LiveState::Present,
                                                            change.set.after->set, ""};
    }
  }
  return next;
}

std::multiset<std::string> strangers(const World& world) {
  std::multiset<std::string> found;
  for (const LiveZone& zone : world.zones) {
    for (const auto& [key, live] : zone.sets) {
      if (live.state != LiveState::Present) continue;
      for (const std::string& value : live.set.values) {
        if (kind_of(key, value) == RecordKind::Foreign) found.insert(key.name.text() + " " + value);
      }
    }
  }
  return found;
}

template <class Law>
void for_all_worlds(Law law) {
  const unsigned count = worlds();
  for (unsigned seed = 1; seed <= count; ++seed) {
    INFO("seed " << seed);
    law(random_case(seed));
  }
}

TEST_CASE("law: the same input gives the same plan, to the byte") {
  for_all_worlds([](const Case& it) {
    REQUIRE(plan_to_json(make_plan(it.config, it.world)) ==
            plan_to_json(make_plan(it.config, it.world)));
  });
}

TEST_CASE("law: the order of lists in the YAML is irrelevant") {
  for_all_worlds([](const Case& it) {
    Case turned = it;
    for (auto& [name, domain] : turned.config.domains) {
      std::ranges::reverse(*domain.senders);
      std::ranges::reverse(domain.selectors);
      std::ranges::reverse(domain.dmarc.rua);
    }
    REQUIRE(plan_to_json(make_plan(it.config, it.world)) ==
            plan_to_json(make_plan(turned.config, turned.world)));
  });
}

TEST_CASE("law: after applying until nothing is held for keys, the next plan is empty") {
  for_all_worlds([](const Case& it) {
    World world = after(it.world, make_plan(it.config, it.world));
    world = after(world, make_plan(it.config, world));
    const Plan last = make_plan(it.config, world);
    INFO(plan_to_json(last));
    REQUIRE(last.changes.empty());
  });
}

TEST_CASE("law: a stranger's values are the same before and after") {
  for_all_worlds([](const Case& it) {
    const Plan plan = make_plan(it.config, it.world);
    for (const Change& change : plan.changes) REQUIRE(strangers_survive(change.set));
    REQUIRE(strangers(it.world) == strangers(after(it.world, plan)));
  });
}

TEST_CASE("law: no domain climbs more than one step in one plan") {
  for_all_worlds([](const Case& it) {
    for (const Change& change : make_plan(it.config, it.world).changes) {
      const Domain& domain = it.config.domains.at(change.domain);
      if (change.stage != Stage::Enforce || domain.state != DomainState::Managed) continue;
      if (!change.name().text().starts_with("_dmarc.")) continue;
      REQUIRE(change.set.before);  // From nothing to enforcement would be at least two steps.
    }
  });
}

TEST_CASE("law: a domain that waits for keys gets no enforcement") {
  for_all_worlds([](const Case& it) {
    const Plan plan = make_plan(it.config, it.world);
    for (const Change& change : plan.changes) {
      if (change.stage != Stage::Enforce) continue;
      for (const Change& other : plan.changes) {
        const bool admits = other.stage == Stage::Publish || other.stage == Stage::Authorize;
        REQUIRE_FALSE((other.domain == change.domain && admits));
      }
    }
  });
}

TEST_CASE("law: an unobservable name leaves its domain as it is, loosening aside") {
  for_all_worlds([](const Case& it) {
    const Plan plan = make_plan(it.config, it.world);
    for (const Finding& finding : plan.findings) {
      if (finding.code != "unobservable") continue;
      for (const Change& change : plan.changes) {
        REQUIRE((change.domain != finding.domain || change.stage == Stage::Relax));
      }
    }
  });
}

TEST_CASE("law: when frozen, nothing but loosening is planned") {
  for_all_worlds([](const Case& it) {
    World frozen = it.world;
    frozen.frozen = true;
    for (const Change& change : make_plan(it.config, frozen).changes) {
      REQUIRE(change.stage == Stage::Relax);
    }
  });
}

TEST_CASE("law: a plan survives its file") {
  for_all_worlds([](const Case& it) {
    const Plan plan = make_plan(it.config, it.world);
    const Result<Plan> read = plan_from_json(plan_to_json(plan));
    REQUIRE(read.ok());
    REQUIRE(read.value().changes == plan.changes);
    REQUIRE(plan_to_json(read.value()) == plan_to_json(plan));
  });
}

}  // namespace
}  // namespace rampart
