/// What has a date: ramps foreseen, waivers, reviews.
#include "policies/ramp/timeline.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

Date day(const std::string& text) { return *parse_date(text); }

std::shared_ptr<const Ramp> short_ramp() {
  const Duration fortnight{14, Duration::Unit::Days};
  Ramp ramp;
  ramp.name = "short";
  ramp.steps = {{{Phase::Monitor, 100}, Duration{30, Duration::Unit::Days}},
                {{Phase::Quarantine, 10}, fortnight},
                {{Phase::Quarantine, 100}, fortnight},
                {{Phase::Reject, 100}, {}}};
  return std::make_shared<const Ramp>(ramp);
}

Domain climbing(RampPosition position) {
  Domain domain = domain_at("example.com", position);
  domain.dmarc.ramp = short_ramp();
  domain.dmarc.since = day("2026-11-01");
  return domain;
}

StepDecision decision_at(const Domain& domain, StepAction action) {
  StepDecision decision;
  decision.domain = domain.name;
  decision.action = action;
  decision.from = domain.dmarc.position;
  decision.next = next_position(domain.dmarc);
  return decision;
}

std::string line_of(const TimelineEvent& one) {
  std::string line = to_text(one.date) + " " + std::string(to_text(one.kind)) + " " + one.what;
  if (one.overdue_days > 0) line += " +" + std::to_string(one.overdue_days);
  return line;
}

Lines lines(const std::vector<TimelineEvent>& events) {
  Lines all;
  for (const TimelineEvent& one : events) all.push_back(line_of(one));
  return all;
}

void check_ramp(const Domain& domain, const StepDecision& decision, const std::string& today,
                const std::string& until, const Lines& expected) {
  CHECK(lines(ramp_events(domain, decision, day(today), day(until))) == expected);
}

TEST_CASE("a step that can be taken is overdue since its day; those after it count from today") {
  const Domain domain = climbing({Phase::Quarantine, 10});
  StepDecision decision = decision_at(domain, StepAction::Advance);
  decision.due = day("2026-11-15");
  check_ramp(domain, decision, "2026-11-21", "2027-11-21",
             {"2026-11-15 ramp quarantine at 10% -> quarantine (ramp short): all gates are met +6",
              "2026-12-05 ramp quarantine -> reject (ramp short), at the earliest"});
  check_ramp(domain, decision, "2026-11-15", "2026-11-28",
             {"2026-11-15 ramp quarantine at 10% -> quarantine (ramp short): all gates are met"});
}

TEST_CASE("a step whose hold runs has its earliest day") {
  const Domain domain = climbing({Phase::Monitor, 100});
  StepDecision decision = decision_at(domain, StepAction::Stay);
  decision.earliest = day("2026-12-01");
  decision.reasons = {"its hold ends then"};
  check_ramp(domain, decision, "2026-11-21", "2026-12-28",
             {"2026-12-01 ramp monitor -> quarantine at 10% (ramp short), at the earliest",
              "2026-12-15 ramp quarantine at 10% -> quarantine (ramp short), at the earliest"});
  check_ramp(domain, decision, "2026-11-21", "2026-11-30", {});
}

TEST_CASE(
    "a step that waits for evidence is overdue by the calendar, and shows what it waits for") {
  const Domain domain = climbing({Phase::Quarantine, 10});
  StepDecision decision = decision_at(domain, StepAction::Stay);
  decision.live = day("2026-11-01");
  decision.due = day("2026-11-15");
  decision.reasons = {"there are no verified reports to count"};
  check_ramp(domain, decision, "2026-11-21", "2026-12-01",
             {"2026-11-15 ramp quarantine at 10% -> quarantine (ramp short) is held: there are no "
              "verified reports to count +6"});
}

TEST_CASE("a step whose hold has not begun is never overdue") {
  Domain domain = climbing({Phase::Monitor, 100});
  domain.dmarc.since = day("2026-08-13");
  StepDecision decision = decision_at(domain, StepAction::Stay);
  decision.reasons = {"there are no verified reports"};
  check_ramp(domain, decision, "2026-11-21", "2026-12-31",
             {"2026-12-21 ramp monitor -> quarantine at 10% (ramp short) is held: there are no "
              "verified reports"});
  domain.dmarc.since.reset();
  check_ramp(domain, decision, "2026-11-21", "2026-12-20", {});
  // A `since` in the future: the hold begins then.
  domain.dmarc.since = day("2026-12-01");
  check_ramp(domain, decision, "2026-11-21", "2026-12-31",
             {"2026-12-31 ramp monitor -> quarantine at 10% (ramp short) is held: there are no "
              "verified reports"});
}

TEST_CASE("a step back is today's, and the climb begins again below") {
  const Domain domain = climbing({Phase::Quarantine, 100});
  StepDecision decision = decision_at(domain, StepAction::StepBack);
  decision.to = RampPosition{Phase::Quarantine, 10};
  decision.reasons = {"office fails"};
  check_ramp(domain, decision, "2026-11-21", "2026-12-10",
             {"2026-11-21 ramp step back from quarantine to quarantine at 10%: office fails",
              "2026-12-05 ramp quarantine at 10% -> quarantine (ramp short), at the earliest"});
}

TEST_CASE("a domain at its target, or below monitor, has no step to come") {
  for (const RampPosition position :
       {RampPosition{Phase::Reject, 100}, RampPosition{Phase::Spf, 100}}) {
    const Domain domain = climbing(position);
    check_ramp(domain, decision_at(domain, StepAction::Stay), "2026-11-21", "2030-01-01", {});
  }
}

SenderUse office(const std::string& reviewed) {
  Sender sender;
  sender.id = "office";
  sender.owner = "it";
  sender.reviewed = reviewed;
  return {.sender = std::make_shared<const Sender>(sender), .with = {}, .retired = {}, .mark = {}};
}

TEST_CASE("waivers end, senders are reviewed once for all, and retire domain by domain") {
  Config config;
  for (const std::string name : {"a.example", "b.example"}) {
    Domain domain = domain_at(name, {Phase::Reject, 100});
    domain.senders = {office("2025-12-31")};
    config.domains.emplace(domain.name, domain);
  }
  Domain& first = config.domains.at(Name::literal("a.example"));
  first.waivers = {{"spf-lookups", "moving", day("2026-11-20"), {}},
                   {"ramp-jump", "hurry", day("2026-11-21"), {}}};
  first.senders->front().retired = day("2026-12-24");
  World world;
  world.now = day("2026-11-21");
  CHECK(lines(timeline_of(config, world, day("2027-01-31"))) ==
        Lines{"2026-11-20 waiver the waiver of spf-lookups ends (moving) +1",
              "2026-11-21 waiver the waiver of ramp-jump ends (hurry)",
              "2026-12-24 review office retires: its SPF terms are removed",
              "2026-12-31 review review sender office (owner: it), last reviewed 2025-12-31 (and 1 "
              "more domain)"});
  CHECK(timeline_of(config, world, day("2026-11-20")).size() == 1);
}

TEST_CASE(
    "a leap day's review falls on the month's end, and a catalogue row is reviewed elsewhere") {
  Config config;
  Domain domain = domain_at("a.example", {Phase::Reject, 100});
  domain.senders = {office("2028-02-29")};
  config.domains.emplace(domain.name, domain);
  World world;
  world.now = day("2029-02-01");
  const auto events = timeline_of(config, world, day("2029-12-31"));
  REQUIRE(events.size() == 1);
  CHECK(to_text(events[0].date) == "2029-02-28");
  Sender builtin = *domain.senders->front().sender;
  builtin.builtin = true;
  config.domains.begin()->second.senders->front().sender = std::make_shared<const Sender>(builtin);
  CHECK(timeline_of(config, world, day("2029-12-31")).empty());
}

}  // namespace
}  // namespace rampart
