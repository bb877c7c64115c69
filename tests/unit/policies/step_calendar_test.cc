/// The step function by the calendar: holds, live days, steps, allowed days.
#include <catch2/catch.hpp>

#include "tests/support/ramp_story.h"

namespace rampart::testing {
namespace {

void check(const RampStory& story) {
  INFO(story.story);
  CHECK(line_of(story) == story.expected);
}

const std::vector<RampStory> kHolds = {
    {"the day the hold ends", "monitor", "2026-10-24", "2026-11-23", "", "advance quarantine:10"},
    {"the day before", "monitor", "2026-10-25", "2026-11-23", "", "stay hold 2026-11-24"},
    {"the same, a day on", "monitor", "2026-10-25", "2026-11-24", "", "advance quarantine:10"},
    {"midnight is enough", "monitor", "2026-10-24", "2026-11-23", "at=0", "advance quarantine:10"},
    {"an hour before", "monitor", "2026-10-24", "2026-11-22", "at=23", "stay hold 2026-11-23"},
    {"long over", "monitor", "2026-09-30", "2026-11-23", "", "advance quarantine:10"},
    {"entered today", "monitor", "2026-11-23", "2026-11-23", "", "stay hold 2026-12-23"},
    {"entered yesterday", "monitor", "2026-11-22", "2026-11-23", "", "stay hold 2026-12-22"},
    {"a shared hold", "quarantine:10", "2026-11-09", "2026-11-23", "", "advance quarantine:50"},
    {"a day short of it", "quarantine:10", "2026-11-10", "2026-11-23", "", "stay hold 2026-11-24"},
    {"a month at quarantine", "quarantine", "2026-10-24", "2026-11-23", "", "advance reject:10"},
    {"a day short of a month", "quarantine", "2026-10-25", "2026-11-23", "",
     "stay hold 2026-11-24"},
    {"over a leap day", "monitor", "2028-02-10", "2028-03-11", "", "advance quarantine:10"},
    {"a day before, leap", "monitor", "2028-02-10", "2028-03-10", "", "stay hold 2028-03-11"},
    {"no leap day", "monitor", "2027-02-10", "2027-03-11", "", "stay hold 2027-03-12"},
    {"entered on a leap day", "monitor", "2028-02-29", "2028-03-30", "", "advance quarantine:10"},
    {"due on a leap day", "monitor", "2028-01-30", "2028-02-29", "", "advance quarantine:10"},
    {"over new year", "monitor", "2026-12-05", "2027-01-03", "", "stay hold 2027-01-04"},
    {"months clamp", "monitor", "2026-01-31", "2026-02-28", "steps=monitor@1mo,reject",
     "advance reject"},
    {"months clamp, a day before", "monitor", "2026-01-31", "2026-02-27",
     "steps=monitor@1mo,reject", "stay hold 2026-02-28"},
    {"months clamp in a leap year", "monitor", "2028-01-31", "2028-02-28",
     "steps=monitor@1mo,reject", "stay hold 2028-02-29"},
    {"a month from a leap day", "monitor", "2028-02-29", "2028-03-28", "steps=monitor@1mo,reject",
     "stay hold 2028-03-29"},
    {"a year from a leap day", "monitor", "2028-02-29", "2029-02-28",
     "from=2028-02-20 steps=monitor@12mo,reject", "advance reject"},
    {"a year from a leap day, a day before", "monitor", "2028-02-29", "2029-02-27",
     "from=2028-02-20 steps=monitor@12mo,reject", "stay hold 2029-02-28"},
    {"weeks", "monitor", "2026-11-09", "2026-11-23", "steps=monitor@2w,reject", "advance reject"},
    {"weeks, a day before", "monitor", "2026-11-10", "2026-11-23", "steps=monitor@2w,reject",
     "stay hold 2026-11-24"},
    {"hours, not yet", "monitor", "2026-11-23", "2026-11-23",
     "live=2026-11-01 at=11 steps=monitor@12h,reject", "stay hold 2026-11-23"},
    {"hours, over", "monitor", "2026-11-23", "2026-11-23",
     "live=2026-11-01 at=12 steps=monitor@12h,reject", "advance reject"},
    {"no hold at all", "monitor", "2026-11-22", "2026-11-23", "steps=monitor@0d,reject",
     "advance reject"},
    {"since tomorrow", "monitor", "2026-11-24", "2026-11-23", "", "stay hold 2026-12-24"},
    {"since in the future", "monitor", "2026-12-01", "2026-11-23", "", "stay hold 2026-12-31"},
    {"since in the future, live today", "monitor", "2026-12-01", "2026-11-23", "live=2026-10-01",
     "stay hold 2026-12-31"},
    {"since in the future, nothing reported", "monitor", "2026-12-01", "2026-11-23", "no-reports",
     "stay hold,evidence,messages,reporters,legit_rate -"},
    {"since years ahead", "quarantine:10", "2030-01-01", "2026-11-23", "", "stay hold 2030-01-15"},
};

const std::vector<RampStory> kLive = {
    {"applied late", "monitor", "2026-10-01", "2026-11-23", "live=2026-10-24",
     "advance quarantine:10"},
    {"applied a day later still", "monitor", "2026-10-01", "2026-11-23", "live=2026-10-25",
     "stay hold 2026-11-24"},
    {"never applied", "monitor", "2026-10-01", "2026-11-23", "live=never", "stay hold 2026-12-20"},
    {"not applied yet", "quarantine:10", "2026-11-22", "2026-11-23", "live=never",
     "stay hold 2026-12-06"},
    {"live before since", "monitor", "2026-10-24", "2026-11-23", "live=2026-09-30",
     "advance quarantine:10"},
    {"reports begin after since", "monitor", "2026-10-01", "2026-11-23", "from=2026-11-10",
     "stay hold 2026-12-10"},
    {"no since, live for long", "monitor", "", "2026-11-23", "live=2026-10-24",
     "advance quarantine:10"},
    {"no since, live since yesterday month", "monitor", "", "2026-11-23", "live=2026-10-25",
     "stay hold 2026-11-24"},
    {"no since, never live", "monitor", "", "2026-11-23", "", "stay hold 2026-12-20"},
    {"no since, nothing reported", "monitor", "", "2026-11-23", "no-reports",
     "stay hold,evidence,messages,reporters,legit_rate -"},
    {"pct stated, live", "quarantine:50", "2026-11-09", "2026-11-23", "", "advance quarantine"},
    {"pct stated, a day late", "quarantine:50", "2026-11-09", "2026-11-23", "live=2026-11-10",
     "stay hold 2026-11-24"},
    {"pct left out by all", "quarantine:50", "2026-11-09", "2026-11-23",
     "says=nothing live=2026-11-15", "advance quarantine"},
    {"pct=100 written by all", "quarantine:50", "2026-11-09", "2026-11-23", "says=pct:100",
     "advance quarantine"},
    {"pct=0 written by all is believed for a week", "quarantine:50", "2026-11-09", "2026-11-23",
     "says=pct:0", "stay hold 2026-11-30"},
    {"and not for ever", "quarantine:50", "2026-11-09", "2026-11-30", "says=pct:0",
     "advance quarantine"},
    {"testing=y at a share", "quarantine:50", "2026-11-09", "2026-11-23", "says=t:y",
     "advance quarantine"},
    {"testing=n at a share", "quarantine:50", "2026-11-09", "2026-11-23", "says=t:n",
     "advance quarantine"},
    {"testing=y at the full policy", "quarantine", "2026-10-24", "2026-11-23", "says=t:y",
     "stay hold 2026-11-30"},
    {"testing=n at the full policy", "quarantine", "2026-10-24", "2026-11-23", "says=t:n",
     "advance reject:10"},
    {"testing=y where the ramp prints none", "quarantine:50", "2026-11-09", "2026-11-23",
     "mode=legacy says=t:y", "stay hold 2026-11-30"},
    {"another policy is no sign of life", "quarantine:10", "2026-11-09", "2026-11-23",
     "says=nothing live=2026-11-12", "stay hold 2026-11-26"},
    {"pct at monitor means nothing", "monitor", "2026-10-24", "2026-11-23", "says=pct:10",
     "advance quarantine:10"},
};

const std::vector<RampStory> kLadder = {
    {"step 1", "monitor", "2026-10-24", "2026-11-23", "", "advance quarantine:10"},
    {"step 2", "quarantine:10", "2026-11-09", "2026-11-23", "", "advance quarantine:50"},
    {"step 3", "quarantine:50", "2026-11-09", "2026-11-23", "", "advance quarantine"},
    {"step 4", "quarantine", "2026-10-24", "2026-11-23", "", "advance reject:10"},
    {"step 5", "reject:10", "2026-11-09", "2026-11-23", "", "advance reject:50"},
    {"step 6", "reject:50", "2026-11-09", "2026-11-23", "", "advance reject"},
    {"the top", "reject", "2026-10-01", "2026-11-23", "", "stay - -"},
    {"between 10 and 50", "quarantine:25", "2026-11-09", "2026-11-23", "", "advance quarantine:50"},
    {"between, its hold is that below", "quarantine:25", "2026-11-10", "2026-11-23", "",
     "stay hold 2026-11-24"},
    {"between 50 and 100", "quarantine:75", "2026-11-09", "2026-11-23", "", "advance quarantine"},
    {"below the first share", "quarantine:5", "2026-10-24", "2026-11-23", "",
     "advance quarantine:10"},
    {"below the first share holds a month", "quarantine:5", "2026-11-09", "2026-11-23", "",
     "stay hold 2026-12-09"},
    {"above the last share", "reject:99", "2026-11-09", "2026-11-23", "", "advance reject"},
    {"below the first reject", "reject:5", "2026-10-24", "2026-11-23", "", "advance reject:10"},
    {"a ramp without monitor", "monitor", "2026-11-09", "2026-11-23",
     "steps=quarantine:10@14d,reject", "advance quarantine:10"},
    {"the target is its position", "quarantine:50", "2026-10-01", "2026-11-23",
     "target=quarantine:50", "stay - -"},
    {"the target lies between", "quarantine:10", "2026-11-09", "2026-11-23", "target=quarantine:30",
     "advance quarantine:30"},
    {"the target is the next step", "quarantine:10", "2026-11-09", "2026-11-23",
     "target=quarantine:50", "advance quarantine:50"},
    {"the target lies between rejects", "reject:10", "2026-11-09", "2026-11-23", "target=reject:20",
     "advance reject:20"},
    {"the target is full quarantine", "quarantine:50", "2026-11-09", "2026-11-23",
     "target=quarantine", "advance quarantine"},
    {"and no more", "quarantine", "2026-10-01", "2026-11-23", "target=quarantine", "stay - -"},
    {"the target is monitor", "monitor", "2026-10-01", "2026-11-23", "target=monitor", "stay - -"},
    {"above the target", "quarantine", "2026-10-01", "2026-11-23", "target=quarantine:10",
     "stay - -"},
    {"the ramp ends below", "quarantine", "2026-10-01", "2026-11-23",
     "steps=monitor@30d,quarantine", "stay - -"},
    {"policy-only, up", "monitor", "2026-10-24", "2026-11-23",
     "mode=policy-only steps=monitor@30d,quarantine@30d,reject", "advance quarantine"},
    {"policy-only, to reject", "quarantine", "2026-10-24", "2026-11-23",
     "mode=policy-only steps=monitor@30d,quarantine@30d,reject", "advance reject"},
    {"legacy", "quarantine:10", "2026-11-09", "2026-11-23", "mode=legacy", "advance quarantine:50"},
    {"never out of discovery", "discovery", "2026-01-01", "2026-11-23", "", "stay - -"},
    {"never out of spf", "spf", "2026-01-01", "2026-11-23", "", "stay - -"},
    {"never out of dkim", "dkim", "2026-01-01", "2026-11-23", "", "stay - -"},
};

const std::vector<RampStory> kDays = {
    {"a Monday", "monitor", "2026-10-01", "2026-11-23", "weekdays=mon,tue,wed,thu",
     "advance quarantine:10"},
    {"a Thursday", "monitor", "2026-10-01", "2026-11-26", "weekdays=mon,tue,wed,thu",
     "advance quarantine:10"},
    {"a Friday", "monitor", "2026-10-01", "2026-11-27", "weekdays=mon,tue,wed,thu",
     "stay calendar 2026-11-30"},
    {"a Sunday", "monitor", "2026-10-05", "2026-11-29", "weekdays=mon,tue,wed,thu",
     "stay calendar 2026-11-30"},
    {"one day a week", "monitor", "2026-10-05", "2026-11-24", "weekdays=mon",
     "stay calendar 2026-11-30"},
    {"the hold ends on a Friday", "monitor", "2026-10-28", "2026-11-23", "weekdays=mon,tue,wed,thu",
     "stay hold 2026-11-30"},
    {"the hold ends on a Thursday", "monitor", "2026-10-27", "2026-11-23",
     "weekdays=mon,tue,wed,thu", "stay hold 2026-11-26"},
    {"the first day of a freeze", "monitor", "2026-10-01", "2026-11-23",
     "freeze=2026-11-23/2026-11-25", "stay calendar 2026-11-26"},
    {"the last day of a freeze", "monitor", "2026-10-05", "2026-11-25",
     "freeze=2026-11-23/2026-11-25", "stay calendar 2026-11-26"},
    {"the day after", "monitor", "2026-10-05", "2026-11-26", "freeze=2026-11-23/2026-11-25",
     "advance quarantine:10"},
    {"the day before", "monitor", "2026-10-05", "2026-11-22", "freeze=2026-11-23/2026-11-25",
     "advance quarantine:10"},
    {"a freeze of one day", "monitor", "2026-10-01", "2026-11-23", "freeze=2026-11-23/2026-11-23",
     "stay calendar 2026-11-24"},
    {"a freeze, then a weekend", "monitor", "2026-10-01", "2026-11-23",
     "freeze=2026-11-20/2026-11-26 weekdays=mon", "stay calendar 2026-11-30"},
    {"freezes side by side", "monitor", "2026-10-01", "2026-11-23",
     "freeze=2026-11-20/2026-11-24 freeze=2026-11-25/2026-11-30", "stay calendar 2026-12-01"},
    {"freezes that overlap", "monitor", "2026-10-01", "2026-11-23",
     "freeze=2026-11-25/2026-12-05 freeze=2026-11-20/2026-11-27", "stay calendar 2026-12-06"},
    {"the hold ends in a freeze", "monitor", "2026-10-25", "2026-11-23",
     "freeze=2026-11-24/2026-11-28", "stay hold 2026-11-29"},
    {"frozen for good", "monitor", "2026-10-01", "2026-11-23", "freeze=2026-01-01/9999-12-31",
     "stay calendar -"},
    {"over new year", "monitor", "2026-11-05", "2026-12-15",
     "freeze=2026-12-15/2027-01-05 weekdays=mon,tue,wed,thu", "stay calendar 2027-01-06"},
    {"the environment's freeze", "monitor", "2026-10-01", "2026-11-23", "frozen", "stay freeze -"},
    {"the environment's freeze and a hold", "monitor", "2026-10-25", "2026-11-23", "frozen",
     "stay hold,freeze 2026-11-24"},
    {"the calendar and a gate", "monitor", "2026-10-01", "2026-11-28",
     "weekdays=mon mail=mta:marked:2", "stay legit_rate,calendar -"},
    {"a hold and a gate", "monitor", "2026-10-25", "2026-11-23", "mail=mta:marked:2",
     "stay hold,legit_rate 2026-11-24"},
};

TEST_CASE("a step is due when its hold is over, that day included") {
  for (const RampStory& story : kHolds) check(story);
}

TEST_CASE("a hold counts from the day on which the step is known to be live") {
  for (const RampStory& story : kLive) check(story);
}

TEST_CASE("the ramp advances step by step up to the target") {
  for (const RampStory& story : kLadder) check(story);
}

TEST_CASE("a ramp moves on its days alone") {
  for (const RampStory& story : kDays) check(story);
}

StepDecision decision_of(const RampStory& story) {
  const RampScene scene = scene_of(story);
  return step_of(scene.domain, scene.config, scene.world);
}

TEST_CASE("an overdue step shows since when") {
  const auto late = decision_of({"", "monitor", "2026-10-01", "2026-11-23", "weekdays=mon", ""});
  CHECK(late.due == parse_date("2026-11-02"));
  CHECK(late.overdue_days == 21);
  CHECK(late.reasons.back() == "it was due on 2026-11-02, 21 days ago");
  const auto now = decision_of({"", "monitor", "2026-10-24", "2026-11-23", "", ""});
  CHECK(now.overdue_days == 0);
  // A step that waits for evidence is not overdue.
  const auto unmet =
      decision_of({"", "monitor", "2026-10-01", "2026-11-23", "mail=mta:marked:2", ""});
  CHECK(unmet.overdue_days == 0);
  CHECK(unmet.due == parse_date("2026-10-31"));
}

TEST_CASE("a domain below monitor lists what is missing") {
  const auto results = decision_of({"", "dkim", "", "2026-11-23", "no-senders", ""}).reasons;
  REQUIRE(results.size() == 3);
  CHECK(results[0] == "declare `senders:` or `spf:`");
  CHECK(results[1] == "declare a selector or a rotation under `dkim:`");
  CHECK(results[2] ==
        "then set `phase: monitor` by hand: `rampart advance` changes no domain in phase dkim");
}

}  // namespace
}  // namespace rampart::testing
