// What a plan does where an answer is missing, compared with the plan that has it.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>
#include <utility>

#include "policies/model/live.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/plan/make_plan.h"
#include "tests/support/laws.h"

namespace rampart {
namespace {

using testing::for_all_worlds;
using testing::LawCase;
using testing::Reached;
using testing::require_reached;
using testing::worlds;

bool has_change(const Plan& plan, const Change& change) {
  return std::ranges::any_of(plan.changes, [&](const Change& one) {
    return one.provider == change.provider && one.zone == change.zone && one.set == change.set &&
           one.name() == change.name();
  });
}

// Whether a ramp's limit of domains alone withholds it: where another domain drops out, there is
// room for this one.
bool waits_for_room(const Plan& plan, const Change& change) {
  return std::ranges::any_of(plan.withheld, [&](const Withheld& one) {
    return one.change.name() == change.name() && one.change.provider == change.provider &&
           one.codes == std::vector<std::string>{"too-many-domains"};
  });
}

// Whether it is withheld only because a name that it needs certainly does not exist. Without the
// answer that says so the change is written as the YAML declares it: no resolver that fails may
// keep an estate from publishing its records. A warning says so, except for the hosts of report
// addresses, which most runs do not query at all.
bool needs_missing_name(const Plan& with, const Plan& without, const Change& change) {
  const auto one = std::ranges::find_if(with.withheld, [&](const Withheld& other) {
    return other.change.name() == change.name() && other.change.provider == change.provider;
  });
  if (one == with.withheld.end()) return false;
  const std::set<std::string> kOfReports = {"report-undeliverable", "takeover"};
  const std::set<std::string> kNames = {"name-dangling", "report-undeliverable",
                                        "selector-dangling", "spf-unresolved", "takeover"};
  const auto in = [](const std::set<std::string>& set) {
    return [&set](const std::string& code) { return set.contains(code); };
  };
  if (!std::ranges::all_of(one->codes, in(kNames))) return false;
  return std::ranges::all_of(one->codes, in(kOfReports)) ||
         std::ranges::any_of(without.findings, [&](const Finding& other) {
           return other.domain == change.domain &&
                  (kNames.contains(other.code) || other.code == "dkim-unresolved");
         });
}

std::size_t problems(const Plan& plan) {
  return plan.findings.size() + plan.holds.size() + plan.withheld.size();
}

// No change is gained: what is written with the answer missing would have been written with it.
// What is not written any more is accounted for.
void require_no_more(const Plan& with, const Plan& without, const std::string& what,
                     Reached& reached) {
  for (const Change& change : without.changes) {
    if (has_change(with, change) || waits_for_room(with, change)) continue;
    if (needs_missing_name(with, without, change)) {
      reached["names"] += 1;
      continue;
    }
    // Printing two plans takes longer than making one: only a failure prints them.
    FAIL(what << " is unknown, and " << change.name().text() << " at " << change.provider
              << " changes in another way\nwith it:\n"
              << plan_to_json(with) << "\nwithout it:\n"
              << plan_to_json(without));
  }
  const bool lost = std::ranges::any_of(
      with.changes, [&](const Change& change) { return !has_change(without, change); });
  reached["changes lost"] += lost;
  if (!lost) return;
  if (problems(without) == 0) FAIL(what << " is unknown\n" << plan_to_json(without));
  SUCCEED();
}

TEST_CASE("law: an answer that did not come adds nothing to a plan") {
  Reached reached;
  for_all_worlds([&](const LawCase& it) {
    const Plan with = make_plan(it.config, it.world);
    for (const auto& [question, answer] : it.world.answers) {
      if (answer.status == AnswerStatus::Failed) continue;
      World world = it.world;
      world.answers[question] = {.status = AnswerStatus::Failed,
                                 .detail = "192.0.2.53:53: timeout"};
      require_no_more(with, make_plan(it.config, world),
                      question.name.text() + " " + to_text(question.type), reached);
      reached["answers"] += 1;
    }
  });
  require_reached(reached, {{"answers", 200, 3000}, {"changes lost", 1, 20}});
}

TEST_CASE("law: a record that cannot be read adds nothing to a plan, and is counted") {
  Reached reached;
  std::size_t seen = 0;
  for_all_worlds([&](const LawCase& it) {
    const Plan with = make_plan(it.config, it.world);
    World world = it.world;
    for (LiveZone& zone : world.zones) {
      for (auto& [key, live] : zone.sets) {
        // A short run takes every third record.
        if (live.state != LiveState::Present || (worlds() <= 20 && ++seen % 3 != 0)) continue;
        const auto kept =
            std::exchange(live, {LiveState::Unobservable, {}, "192.0.2.53:53: timeout"});
        const Plan without = make_plan(it.config, world);
        require_no_more(with, without, key.name.text() + " " + to_text(key.type), reached);
        reached["records"] += 1;
        const PlanSummary sums = summarize(without);
        REQUIRE(sums.unchanged + sums.unobservable <= sums.domains);
        reached["counted"] += sums.unobservable > summarize(with).unobservable;
        live = kept;
      }
    }
  });
  require_reached(reached, {{"records", 200, 4000}, {"counted", 100, 2000}});
}

}  // namespace
}  // namespace rampart
