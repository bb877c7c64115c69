/// The laws of planning, over generated worlds: RAMPART_WORLDS says over how many.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "mail/dkim/key.h"
#include "mail/dmarc/dmarc.h"
#include "policies/dkim/rotation.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/ramp/ramp.h"
#include "policies/ramp/step.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/plan/diff.h"
#include "reconciler/plan/make_plan.h"
#include "tests/support/laws.h"

namespace rampart {
namespace {

using testing::for_all_worlds;
using testing::LawCase;
using testing::Reached;
using testing::require_reached;

bool is_own_dmarc(const Change& change) {
  return change.name() == change.domain.child("_dmarc").value();
}

bool has_finding(const Plan& plan, const Name& domain, std::string_view code) {
  return std::ranges::any_of(plan.findings, [&](const Finding& finding) {
    return finding.domain == domain && finding.code == code;
  });
}

bool waives(const Domain& domain, std::string_view code, Time now) {
  const Date today = std::chrono::floor<std::chrono::days>(now);
  return std::ranges::any_of(domain.waivers, [&](const Waiver& waiver) {
    return waiver.code == code && today <= waiver.until;
  });
}

// What receivers apply before a change: the zone's own record, else what the domain inherits.
std::optional<RampPosition> position_before(const Change& change, const World& world) {
  if (const auto own = testing::position_in(change.set.before)) return own;
  const DmarcLookups around = dmarc_lookups_of(change.domain, world);
  const auto above = with_record(around.answers, change.domain, std::nullopt);
  const PolicyByMethod inherited = policy_by_method(change.domain, above);
  const auto position = [](const Known<dmarc::DiscoveredPolicy>& policy) {
    using Position = std::optional<RampPosition>;
    return policy.match(
        [](const dmarc::DiscoveredPolicy& one) { return Position(position_of(effective(one))); },
        [] { return Position(); }, [](const Unanswered&) { return Position(); });
  };
  // An empty position is the smallest.
  return std::min(position(inherited.by_walk), position(inherited.by_psl));
}

int steps_of_change(const Change& change, const Domain& domain, const World& world) {
  const auto reached = testing::position_in(change.set.after);
  if (!reached) return 0;
  return steps_between(*domain.dmarc.ramp, position_before(change, world), *reached);
}

std::multiset<std::string> foreign_values(const World& world, const std::set<Name>& except) {
  std::multiset<std::string> found;
  for (const LiveZone& zone : world.zones) {
    for (const auto& [key, live] : zone.sets) {
      if (live.state != LiveState::Present || except.contains(key.name)) continue;
      for (const ParsedValue& value : live.set.values) {
        if (value.kind() != RecordKind::Foreign) continue;
        found.insert(zone.provider + " " + key.name.text() + " " + value.text());
      }
    }
  }
  return found;
}

TEST_CASE("law: the same input gives the same plan, to the byte") {
  for_all_worlds([](const LawCase& it) {
    REQUIRE(plan_to_json(make_plan(it.config, it.world)) ==
            plan_to_json(make_plan(it.config, it.world)));
  });
}

TEST_CASE("law: the order of lists in the YAML is irrelevant") {
  for_all_worlds([](const LawCase& it) {
    LawCase turned = it;
    // `rua:` is not among them: its addresses are published in the order of the YAML.
    for (auto& [name, domain] : turned.config.domains) {
      std::ranges::reverse(*domain.senders);
      std::ranges::reverse(domain.selectors);
      std::ranges::reverse(domain.providers);
      std::ranges::reverse(domain.waivers);
    }
    REQUIRE(plan_to_json(make_plan(it.config, it.world)) ==
            plan_to_json(make_plan(turned.config, turned.world)));
  });
}

TEST_CASE("law: after applying until nothing is held for keys, the next plan is empty") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const Plan first = make_plan(it.config, it.world);
    // Keys come before enforcement, and an empty p= before a key's removal: at most three plans.
    World world = testing::after(it.world, first);
    Plan last = make_plan(it.config, world);
    reached["plans with changes"] += !first.changes.empty();
    reached["second plans with changes"] += !last.changes.empty();
    for (int more = 0; more < 2; ++more) {
      world = testing::after(world, last);
      last = make_plan(it.config, world);
    }
    INFO(plan_to_json(last));
    REQUIRE(last.changes.empty());
  });
  require_reached(reached, {{"plans with changes", 50, 900}, {"second plans with changes", 2, 40}});
}

TEST_CASE("law: another party's values are the same before and after") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const Plan plan = make_plan(it.config, it.world);
    std::set<Name> taken_over;  // `take_over` lets a CNAME go: a name holds nothing beside it.
    for (const Change& change : plan.changes) {
      REQUIRE(foreign_values_survive(change.set));
      const bool changes_type = change.set.before && change.set.after &&
                                change.set.before->type != change.set.after->type;
      if (changes_type) taken_over.insert(change.name());
      reached["type changes"] += changes_type;
    }
    const auto before = foreign_values(it.world, taken_over);
    REQUIRE(before == foreign_values(testing::after(it.world, plan), taken_over));
    reached["foreign values kept"] += static_cast<int>(before.size());
  });
  require_reached(reached, {{"type changes", 1, 20}, {"foreign values kept", 100, 2000}});
}

TEST_CASE("law: no domain climbs more than one step in one plan") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const Plan plan = make_plan(it.config, it.world);
    for (const Change& change : plan.changes) {
      const Domain& domain = it.config.domains.at(change.domain);
      if (change.stage != Stage::Enforce || domain.state != DomainState::Managed) continue;
      if (!is_own_dmarc(change)) continue;
      INFO(change.name().text() << " at " << change.provider);
      const int steps = steps_of_change(change, domain, it.world);
      const bool waived = waives(domain, "ramp-jump", it.world.now);
      REQUIRE((steps <= 1 || waived));
      reached["enforce changes"] += 1;
      reached["enforce changes of one step"] += steps == 1;
      reached["waived jumps"] += steps > 1;
    }
    for (const Withheld& withheld : plan.withheld) {
      reached["jumps prevented"] += std::ranges::count(withheld.codes, "ramp-jump") > 0;
    }
  });
  require_reached(reached, {{"enforce changes", 12, 250},
                            {"enforce changes of one step", 8, 150},
                            {"waived jumps", 0, 5},
                            {"jumps prevented", 8, 150}});
}

TEST_CASE("law: a domain that waits for keys gets no enforcement") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const Plan plan = make_plan(it.config, it.world);
    std::set<Name> admitting;
    for (const Change& change : plan.changes) {
      const bool admits = change.stage == Stage::Publish || change.stage == Stage::Authorize;
      if (admits) admitting.insert(change.domain);
    }
    for (const Change& change : plan.changes) {
      REQUIRE((change.stage != Stage::Enforce || !admitting.contains(change.domain)));
    }
    reached["holds for keys"] +=
        static_cast<int>(std::ranges::count(plan.holds, std::string("keys-first"), &Hold::code));
  });
  require_reached(reached, {{"holds for keys", 5, 100}});
}

TEST_CASE("law: a loosening is blocked by nothing") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    World frozen = it.world;
    frozen.frozen = true;
    for (const World& world : {it.world, frozen}) {
      const Plan plan = make_plan(it.config, world);
      for (const Withheld& withheld : plan.withheld) {
        REQUIRE(withheld.change.stage != Stage::Relax);
      }
      for (const auto& [name, domain] : it.config.domains) {
        const RecordKey key{name.child("_dmarc").value(), RecordType::TXT};
        const auto zones = world.zones_for(domain, key.name);
        const LiveSet live = zones.front()->at(key);
        // A foreign value beside the record keeps everything from being written there.
        const bool one_zone =
            zones.size() == 1 && live.state == LiveState::Present && live.set.values.size() == 1;
        const ParsedTypedSet set{RecordType::TXT, live.set};
        if (domain.state != DomainState::Managed || !one_zone) continue;
        if (domain.dmarc.position.phase < Phase::Monitor) continue;
        const auto current = testing::position_in(set);
        if (!current || *current <= domain.dmarc.position) continue;
        INFO(name.text() << " from " << to_text(*current) << " to "
                         << to_text(domain.dmarc.position) << "\n"
                         << plan_to_json(plan));
        REQUIRE(std::ranges::any_of(plan.changes, [&](const Change& change) {
          return change.name() == key.name && change.stage == Stage::Relax;
        }));
        reached["loosened"] += 1;
      }
    }
  });
  require_reached(reached, {{"loosened", 12, 250}});
}

TEST_CASE("law: an unobservable name leaves its domain as it is, loosening aside") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const Plan plan = make_plan(it.config, it.world);
    for (const Finding& finding : plan.findings) {
      if (finding.code != "unobservable") continue;
      reached["unobservable"] += 1;
      for (const Change& change : plan.changes) {
        REQUIRE((change.domain != finding.domain || change.stage == Stage::Relax));
      }
    }
    for (const Change& change : plan.changes) {
      for (const LiveZone& zone : it.world.zones) {
        if (zone.apex != change.zone || zone.provider != change.provider) continue;
        REQUIRE(zone.error.empty());
        REQUIRE(zone.at({change.name(), change.type()}).state != LiveState::Unobservable);
      }
    }
    reached["withheld"] += static_cast<int>(plan.withheld.size());
  });
  require_reached(reached, {{"unobservable", 10, 200}, {"withheld", 30, 600}});
}

TEST_CASE("law: when frozen, nothing but loosening is planned") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    World frozen = it.world;
    frozen.frozen = true;
    const Plan plan = make_plan(it.config, frozen);
    for (const Change& change : plan.changes) REQUIRE(change.stage == Stage::Relax);
    REQUIRE(plan.changes.size() <= make_plan(it.config, it.world).changes.size());
    reached["frozen holds"] +=
        static_cast<int>(std::ranges::count(plan.holds, std::string("frozen"), &Hold::code));
  });
  require_reached(reached, {{"frozen holds", 30, 600}});
}

TEST_CASE("law: a plan writes public keys only") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    for (const Change& change : make_plan(it.config, it.world).changes) {
      if (!change.set.after || change.type() != RecordType::TXT) continue;
      if (change.name().text().find("._domainkey.") == std::string::npos) continue;
      for (const std::string& value : change.set.after->set.values) {
        REQUIRE(value.find("PRIVATE KEY") == std::string::npos);
        const bool was_there = change.set.before && change.set.before->set.values.contains(value);
        if (was_there) continue;
        const auto key = dkim::parse_key(value);
        REQUIRE(key);
        REQUIRE((key->revoked() || dkim::shape_of(*key)));
        reached["keys written"] += 1;
      }
    }
    for (const auto& [name, domain] : it.config.domains) {
      reached["private keys pasted"] +=
          static_cast<int>(std::ranges::count_if(domain.selectors, [](const SelectorSpec& spec) {
            return spec.txt && spec.txt->find("PRIVATE KEY") != std::string::npos;
          }));
    }
  });
  require_reached(reached, {{"keys written", 30, 600}, {"private keys pasted", 5, 100}});
}

TEST_CASE("law: a step of a ramp is one step, taken on fresh evidence only") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const auto decisions = steps_of(it.config, it.world);
    std::map<std::string, int> advanced;
    for (const StepDecision& decision : decisions) {
      const Domain& domain = it.config.domains.at(decision.domain);
      const Ramp& ramp = *domain.dmarc.ramp;
      INFO(decision.domain.text() << " " << to_text(decision.action));
      REQUIRE(decision.to.has_value() == (decision.action != StepAction::Stay));
      reached[fmt::format("decisions to {}", to_text(decision.action))] += 1;
      if (decision.action == StepAction::Stay) continue;
      REQUIRE((it.world.evidence && is_fresh(*it.world.evidence, it.world.now)));
      const bool up = decision.action == StepAction::Advance;
      REQUIRE(up == (*decision.to > decision.from));
      const int steps = steps_between(ramp, std::min(decision.from, *decision.to),
                                      std::max(decision.from, *decision.to));
      // Down from a position off the ramp, such as 25 %, no step of it is crossed.
      REQUIRE((steps == 1 || (!up && steps == 0)));
      if (up) REQUIRE(++advanced[ramp.name] <= ramp.max_domains_per_run);
    }
  });
  require_reached(reached, {{"decisions to advance", 5, 80},
                            {"decisions to stay", 60, 1000},
                            {"decisions to step-back", 5, 80}});
}

TEST_CASE("law: what advance decides, plan takes") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    LawCase moved = it;
    std::set<Name> climbing;
    for (const StepDecision& decision : steps_of(it.config, it.world)) {
      if (decision.action == StepAction::Stay) continue;
      moved.config.domains.at(decision.domain).dmarc.position = *decision.to;
      if (decision.action == StepAction::Advance) climbing.insert(decision.domain);
    }
    const Plan before = make_plan(it.config, it.world);
    const Plan plan = make_plan(moved.config, moved.world);
    for (const Name& name : climbing) {
      // Only where the live record is the one that the YAML asked for until now.
      const bool was_current = std::ranges::none_of(before.changes, is_own_dmarc) &&
                               before.withheld.empty() && before.holds.empty();
      if (!was_current) continue;
      reached["advances from a current record"] += 1;
      REQUIRE_FALSE(has_finding(plan, name, "ramp-jump"));
    }
  });
  require_reached(reached, {{"advances from a current record", 0, 1}});
}

TEST_CASE("law: a key is revoked or removed only when it is out of use") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const Plan plan = make_plan(it.config, it.world);
    for (const auto& [name, domain] : it.config.domains) {
      for (const RotationSpec& spec : domain.rotations) {
        const RotationStep step = rotation_step(facts_for(domain, spec, it.world));
        for (const SelectorState& selector : step.selectors) {
          reached[fmt::format("keys {}", to_text(selector.state))] += 1;
          if (selector.revoke_now || selector.remove_now) continue;
          const Name at = name.child(selector.selector + "._domainkey").value();
          for (const Change& change : plan.changes) {
            if (domain.state != DomainState::Managed || change.name() != at) continue;
            INFO(at.text() << " is " << to_text(selector.state));
            REQUIRE(change.set.after.has_value());
          }
        }
      }
      const auto& uses = *domain.senders;
      reached["retired senders"] += static_cast<int>(std::ranges::count_if(
          uses, [](const SenderUse& use) { return use.retired.has_value(); }));
    }
    for (const Change& change : plan.changes)
      reached["retirements"] += change.stage == Stage::Retire;
  });
  require_reached(reached, {{"keys pending", 3, 60},
                            {"keys published", 3, 60},
                            {"keys active", 10, 200},
                            {"keys retiring", 3, 60},
                            {"keys revoked", 2, 40},
                            {"retired senders", 20, 400},
                            {"retirements", 5, 100}});
}

TEST_CASE("law: a plan survives its file") {
  for_all_worlds([](const LawCase& it) {
    const Plan plan = make_plan(it.config, it.world);
    const Result<Plan> read = plan_from_json(plan_to_json(plan));
    REQUIRE(read.ok());
    REQUIRE(read.value().changes == plan.changes);
    REQUIRE(plan_to_json(read.value()) == plan_to_json(plan));
  });
}

}  // namespace
}  // namespace rampart
