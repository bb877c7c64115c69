/// A run over many domains: its limit and its order; and the laws of every step.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>

#include "tests/support/ramp_story.h"

namespace rampart::testing {
namespace {

constexpr const char* kNow = "2026-11-23";

// Adds a copy of a story's domain under another name.
void add(RampScene& run, const char* name, const RampStory& story, int most = 2) {
  const RampScene one = scene_of(story);
  Domain domain = one.domain;
  domain.name = Name::literal(name);
  Ramp ramp = *domain.dmarc.ramp;
  ramp.max_domains_per_run = most;
  domain.dmarc.ramp = std::make_shared<const Ramp>(ramp);
  run.config.domains.emplace(domain.name, domain);
  run.config.reporters = one.config.reporters;
  run.world.now = one.world.now;
  if (!run.world.evidence) run.world.evidence = Evidence{.newest = one.world.evidence->newest};
  for (EvidenceRow row : one.world.evidence->rows) {
    row.policy_domain = domain.name;
    row.header_from = domain.name;
    run.world.evidence->rows.push_back(row);
  }
  std::ranges::stable_sort(run.world.evidence->rows, {}, &EvidenceRow::policy_domain);
}

RampScene no_domains() { return {.config = {}, .domain = {.name = Name::root()}, .world = {}}; }

std::string lines(const RampScene& run) {
  std::string text;
  for (const StepDecision& one : steps_of(run.config, run.world)) {
    text += one.domain.text() + " " + to_line(one) + "\n";
  }
  return text;
}

RampStory monitor(const char* since, const char* words = "") {
  return {"", "monitor", since, kNow, words, ""};
}

TEST_CASE("a run moves no more domains than its ramp allows, the longest overdue first") {
  RampScene run = no_domains();
  add(run, "a.test", monitor("2026-10-24"));
  add(run, "b.test", monitor("2026-10-10"));
  add(run, "c.test", monitor("2026-10-20"));
  add(run, "d.test", monitor("2026-10-20"));
  add(run, "e.test", monitor("2026-10-24"));
  CHECK(lines(run) ==
        "a.test stay max_domains 2026-11-24\n"
        "b.test advance quarantine:10\n"
        "c.test advance quarantine:10\n"
        "d.test stay max_domains 2026-11-24\n"
        "e.test stay max_domains 2026-11-25\n");
}

TEST_CASE("the days of later runs are days that the ramp allows") {
  RampScene run = no_domains();
  for (const char* name : {"a.test", "b.test", "c.test"}) {
    add(run, name, monitor("2026-10-24", "weekdays=mon"), 1);
  }
  CHECK(lines(run) ==
        "a.test advance quarantine:10\n"
        "b.test stay max_domains 2026-11-30\n"
        "c.test stay max_domains 2026-12-07\n");
}

TEST_CASE("steps back are never limited, and take no place of steps up") {
  constexpr const char* kBreaks =
      "no-mta mail=mta:both:50:2026-09-24/2026-11-17 mail=mta:marked:50:2026-11-18/2026-11-22";
  RampScene run = no_domains();
  for (const char* name : {"a.test", "b.test", "c.test"}) {
    add(run, name, {"", "quarantine:10", "2026-11-09", kNow, kBreaks, ""}, 1);
  }
  add(run, "d.test", monitor("2026-10-24"), 1);
  CHECK(lines(run) ==
        "a.test step-back monitor\n"
        "b.test step-back monitor\n"
        "c.test step-back monitor\n"
        "d.test advance quarantine:10\n");
}

TEST_CASE("a limit of none moves nothing, and only managed domains are on a ramp") {
  RampScene run = no_domains();
  add(run, "a.test", monitor("2026-10-24"), 0);
  add(run, "b.test", monitor("2026-10-24"));
  run.config.domains.at(Name::literal("b.test")).state = DomainState::Parked;
  CHECK(lines(run) == "a.test stay max_domains 2026-11-23\n");
}

TEST_CASE("each ramp has its own limit") {
  RampScene run = no_domains();
  add(run, "a.test", monitor("2026-10-24"), 1);
  add(run, "b.test", monitor("2026-10-24"), 1);
  Domain& other = run.config.domains.at(Name::literal("b.test"));
  Ramp ramp = *other.dmarc.ramp;
  ramp.name = "mine";
  other.dmarc.ramp = std::make_shared<const Ramp>(ramp);
  CHECK(lines(run) == "a.test advance quarantine:10\nb.test advance quarantine:10\n");
}

// A random story: the properties below must hold whatever it contains.
RampStory random_story(std::mt19937& random, std::string& position, std::string& since,
                       std::string& words) {
  const auto pick = [&](int most) { return static_cast<int>(random() % (most + 1)); };
  const int pct = pick(3) == 0 ? 100 : 1 + pick(98);
  position =
      pick(3) == 0 ? "monitor" : fmt::format("{}:{}", pick(1) ? "quarantine" : "reject", pct);
  const Date now = parse_date(kNow).value();
  since = pick(9) == 0 ? "" : to_text(now - std::chrono::days(pick(70) - 5));
  words = fmt::format("count={} reporters={} mail=mta:marked:{} mail=ip:203.0.113.9:fail:{}",
                      1 + pick(60), 1 + pick(2), pick(4), pick(3) == 0 ? pick(90) : 0);
  if (pick(3) == 0) words += " sender=esp mail=esp:dkim:5:2026-09-24/2026-11-18";
  if (pick(3) == 0)
    words +=
        " sender=crm mail=crm:dkim:5:2026-10-10/2026-11-18 mail=crm:marked:5:2026-11-19/2026-11-22";
  if (pick(5) == 0) words += " weekdays=tue,fri";
  if (pick(5) == 0) words += fmt::format(" target=quarantine:{}", 1 + pick(99));
  return {"", position.c_str(), since.c_str(), kNow, words.c_str(), ""};
}

TEST_CASE("a step goes up or down by one step of the ramp, and is deterministic") {
  std::mt19937 random(20'261'123);
  int moved = 0;
  for (int i = 0; i < 150; ++i) {
    std::string position;
    std::string since;
    std::string words;
    const RampScene scene = scene_of(random_story(random, position, since, words));
    INFO(position << " since " << since << " " << words);
    const auto decision = step_of(scene.domain, scene.config, scene.world);
    CHECK(decision == step_of(scene.domain, scene.config, scene.world));
    CHECK(decision.to.has_value() == (decision.action != StepAction::Stay));
    CHECK_FALSE(decision.reasons.empty());
    if (decision.to) ++moved;
    const auto& steps = scene.domain.dmarc.ramp->steps;
    const auto between = [&](RampPosition low, RampPosition high) {
      return std::ranges::count_if(
          steps, [&](const auto& step) { return step.position > low && step.position < high; });
    };
    if (decision.action == StepAction::Advance) {
      CHECK(*decision.to > decision.from);
      CHECK(*decision.to <= scene.domain.dmarc.target);
      CHECK(between(decision.from, *decision.to) == 0);
    } else if (decision.action == StepAction::StepBack) {
      CHECK(*decision.to < decision.from);
      CHECK(between(*decision.to, decision.from) == 0);
    }
  }
  CHECK(moved >= 15);
}

TEST_CASE("more good mail never takes a step away") {
  std::mt19937 random(7);
  for (int i = 0; i < 80; ++i) {
    std::string position;
    std::string since;
    std::string words;
    RampScene scene = scene_of(random_story(random, position, since, words));
    INFO(position << " since " << since << " " << words);
    const auto rank = [&] {
      const auto action = step_of(scene.domain, scene.config, scene.world).action;
      return action == StepAction::Advance ? 2 : action == StepAction::Stay ? 1 : 0;
    };
    const int before = rank();
    for (EvidenceRow& row : scene.world.evidence->rows) {
      if (row.source == "mta" && row.outcome == DmarcOutcome::Both) row.messages *= 3;
    }
    CHECK(rank() >= before);
  }
}

TEST_CASE("the order of the YAML's domains does not matter") {
  RampScene forth = no_domains();
  RampScene back = no_domains();
  for (const char* name : {"a.test", "b.test", "c.test"}) add(forth, name, monitor("2026-10-20"));
  for (const char* name : {"c.test", "b.test", "a.test"}) add(back, name, monitor("2026-10-20"));
  CHECK(lines(forth) == lines(back));
}

}  // namespace
}  // namespace rampart::testing
