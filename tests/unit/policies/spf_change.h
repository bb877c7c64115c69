/// One change of an SPF record, and what a guardrail makes of it.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "policies/rules/names.h"
#include "tests/support/spf_zone.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {

inline constexpr const char* kZone = R"(
  _spf.suite.example TXT v=spf1 ip4:198.51.100.0/24 ip4:20.64.0.0/14 ~all
  esp.example TXT v=spf1 ip4:203.0.113.0/24 ~all
  three.example TXT v=spf1 include:one.example include:two.example ~all
  one.example TXT v=spf1 ip4:198.51.100.1 ~all
  two.example TXT v=spf1 ip4:198.51.100.2 ~all
  wide.example TXT v=spf1 ip4:10.0.0.0/8 ~all
  here.example A 192.0.2.80
  slow.example * !servfail
  broken.example TXT v=spf1 include:gone.example ~all
  all.example TXT v=spf1 +all
  deep.example TXT v=spf1 ip4:192.0.2.9 include:all.example -all
  halves.example TXT v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all
  all6.example TXT v=spf1 ip6:::/0 -all
  seven.example TXT v=spf1 ip4:10.0.0.0/7 ~all
  big6.example TXT v=spf1 ip6:2a00::/15 ~all
  macro.example TXT v=spf1 exists:%{i}.m.example ~all
  fixed.example TXT v=spf1 exists:here.example ~all
  names.example TXT v=spf1 ptr ~all
  never.example TXT v=spf1 -exists:%{i}.m.example ?exists:%{l}.m.example ip4:192.0.2.1 ~all
)";

/// A plan that turns `live` into `after`; equal records change nothing.
struct Change1 {
  std::vector<std::string> live;
  std::string after;
  std::function<void(Domain&)> edit = [](Domain&) {};
  std::function<void(LiveZone&)> zone = [](LiveZone&) {};
  std::optional<SpfLock> lock = std::nullopt;
};

inline std::vector<Finding> findings_of(Guardrail guardrail, const Change1& item) {
  Config config;
  config.senders = test_senders();
  Domain domain = spf_domain({using_sender("office")});
  item.edit(domain);
  config.domains.emplace(domain.name, domain);
  World world = world_with(item.live);
  item.zone(world.zones[0]);
  if (item.lock) world.spf_locks[domain.name] = *item.lock;
  spf::TestZone zone(kZone);
  for (const std::string& text : {item.live.empty() ? "v=spf1" : item.live[0], item.after}) {
    const auto record = spf::parse(text);
    if (!record) continue;
    for (auto& [question, answer] : spf::answers_for_tree(zone, domain.name, *record)) {
      world.answers.emplace(question, answer);
    }
    std::vector<Question> names;
    const spf::Tree tree = spf::tree_of(domain.name, *record, world.answers);
    rules::spf_name_faults(domain.name, tree.root, world.answers, names);
    zone.resolve(names, world.answers);
  }
  Plan plan;
  plan.domains = {domain.name};
  if (item.live != std::vector{item.after}) {
    SetChange set{domain.name, std::nullopt, TypedSet{RecordType::TXT, {.values = {item.after}}}};
    plan.changes = {{domain.name, domain.name, "files", parse_change(set), Stage::Authorize, {}}};
  }
  return guardrail(plan, config, world);
}

/// "error spf-all" or "" for each finding.
inline std::vector<std::string> outcome(Guardrail guardrail, const Change1& item) {
  std::vector<std::string> texts;
  for (const Finding& finding : findings_of(guardrail, item)) {
    CHECK_FALSE(finding.hint.empty());
    CHECK(finding.withholds.empty() == (finding.severity != Severity::Error));
    texts.push_back(std::string(to_text(finding.severity)) + " " + finding.code);
  }
  return texts;
}

using Texts = std::vector<std::string>;

inline void check(Guardrail guardrail, const std::vector<std::string>& live,
                  const std::string& after, const Texts& expected) {
  CAPTURE(live, after);
  CHECK(outcome(guardrail, {live, after}) == expected);
}

}  // namespace rampart
