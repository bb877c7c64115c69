/// Steps back: the legitimate rate after a step, senders that break, and what looks like either.
#include <catch2/catch.hpp>

#include "tests/support/ramp_story.h"

namespace rampart::testing {
namespace {

void check(const RampStory& story) {
  INFO(story.story);
  CHECK(line_of(story) == story.expected);
}

// At a tenth of quarantine since 2026-11-09, evaluated on 2026-11-23, when its hold is over.
RampStory tenth(const char* story, const char* words, const char* expected) {
  return {story, "quarantine:10", "2026-11-09", "2026-11-23", words, expected};
}

const std::vector<RampStory> kRate = {
    tenth("a rate below rollback_below lowers nothing by itself",
          "mail=mta:marked:3:2026-11-09/2026-11-22", "stay legit_rate -"),
    tenth("above it, and too low to climb", "mail=mta:marked:2:2026-11-09/2026-11-22",
          "stay legit_rate -"),
    tenth("95 % to the message", "count=19 mail=mta:marked:1", "stay legit_rate -"),
    tenth("94.74 %, nor a hair below it", "count=18 mail=mta:marked:1", "stay legit_rate -"),
    tenth("a ramp that bears more", "rollback=0.90 mail=mta:marked:3:2026-11-09/2026-11-22",
          "stay legit_rate -"),
    tenth("three bad days beside mail that still passes",
          "mail=mta:marked:50:2026-11-20/2026-11-22", "advance quarantine:50"),
    tenth("what failed before the step is past", "mail=mta:marked:50:2026-11-01/2026-11-08",
          "stay legit_rate -"),
    {"two bad days after a step", "quarantine:10", "2026-11-21", "2026-11-23",
     "mail=mta:marked:50:2026-11-21/2026-11-22", "stay hold 2026-12-05"},
    {"three bad days after a step", "quarantine:10", "2026-11-20", "2026-11-23",
     "mail=mta:marked:50:2026-11-20/2026-11-22", "stay hold 2026-12-04"},
    {"no step back before the step", "quarantine:10", "2026-12-01", "2026-11-23",
     "mail=mta:marked:50:2026-11-15/2026-11-22", "stay hold,legit_rate 2026-12-15"},
    tenth("a few dozen messages", "count=1 mail=mta:marked:1", "stay legit_rate -"),
    tenth("fewer are not", "count=1 mail=mta:marked:1 low=90d:60", "stay legit_rate -"),
    tenth("an unmarked source", "mail=ip:203.0.113.9:fail:20:2026-11-18/2026-11-22",
          "advance quarantine:50"),
    tenth("a wave of spoofing does not", "mail=ip:203.0.113.9:fail:9999:2026-11-21/2026-11-22",
          "advance quarantine:50"),
    tenth("nor does forwarded mail", "mail=mta:forwarded:500:2026-11-10/2026-11-22",
          "advance quarantine:50"),
    tenth("nor an ignored source",
          "ignore=203.0.113.9 mail=ip:203.0.113.9:fail:500:2026-11-10/2026-11-22",
          "advance quarantine:50"),
    {"at the target it is an alert", "reject", "2026-10-01", "2026-11-23",
     "mail=mta:marked:9:2026-11-10/2026-11-22", "stay - -"},
    {"no step below p=none", "monitor", "2026-10-01", "2026-11-23",
     "mail=mta:marked:9:2026-11-10/2026-11-22", "stay legit_rate -"},
    {"without since, the window's days count", "quarantine:10", "", "2026-11-23",
     "live=2026-11-01 mail=mta:marked:9:2026-11-10/2026-11-22", "stay legit_rate -"},
};

// The newsletter of every second Tuesday, and forged mail on the days between: nothing was lost.
constexpr const char* kNewsletter =
    "sender=esp mail=esp:both:200:2026-09-29/2026-09-29 mail=esp:both:200:2026-10-13/2026-10-13 "
    "mail=esp:both:200:2026-10-27/2026-10-27 mail=esp:both:200:2026-11-10/2026-11-10 "
    "mail=esp:marked:160:2026-11-17/2026-11-22";
// Three days of every second week, and forged mail on the same days of a week between.
constexpr const char* kFortnightly =
    "sender=esp mail=esp:both:200:2026-10-13/2026-10-15 mail=esp:both:200:2026-10-27/2026-10-29 "
    "mail=esp:both:200:2026-11-10/2026-11-12 mail=esp:marked:160:2026-11-17/2026-11-19";
// Of every Tuesday: three of them were lost.
constexpr const char* kWeekly =
    "sender=esp mail=esp:both:200:2026-10-06/2026-10-06 mail=esp:both:200:2026-10-13/2026-10-13 "
    "mail=esp:both:200:2026-10-20/2026-10-20 mail=esp:both:200:2026-10-27/2026-10-27 "
    "mail=esp:marked:200:2026-11-03/2026-11-03 mail=esp:marked:200:2026-11-10/2026-11-10 "
    "mail=esp:marked:200:2026-11-17/2026-11-17";

const std::vector<RampStory> kBroken = {
    tenth("forged mail on days without a newsletter", kNewsletter, "stay legit_rate,senders -"),
    tenth("forged mail in a week without mail", kFortnightly, "stay legit_rate,senders -"),
    tenth("a weekly newsletter that fails three times", kWeekly, "step-back monitor"),
    tenth(
        "three days",
        "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 mail=esp:marked:5:2026-11-20/2026-11-22",
        "step-back monitor"),
    tenth("most of its mail",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:dkim:2:2026-11-20/2026-11-22 mail=esp:marked:3:2026-11-20/2026-11-22",
          "step-back monitor"),
    tenth("less than half of it",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:dkim:3:2026-11-20/2026-11-22 mail=esp:marked:2:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth(
        "two days keep it where it is",
        "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-20 mail=esp:marked:5:2026-11-21/2026-11-22",
        "stay senders -"),
    tenth(
        "one day is noise",
        "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-21 mail=esp:marked:5:2026-11-22/2026-11-22",
        "advance quarantine:50"),
    tenth(
        "repaired since",
        "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-16 mail=esp:marked:5:2026-11-17/2026-11-19 "
        "mail=esp:dkim:5:2026-11-20/2026-11-22",
        "advance quarantine:50"),
    tenth(
        "broken before the step, and still",
        "sender=esp mail=esp:dkim:1:2026-09-24/2026-11-04 mail=esp:marked:1:2026-11-05/2026-11-22",
        "step-back monitor"),
    {"three days, one of them before the step up", "quarantine:10", "2026-11-21", "2026-11-23",
     "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 mail=esp:marked:5:2026-11-20/2026-11-22",
     "step-back monitor"},
    tenth("a sender without regular mail only holds",
          "sender=esp mail=esp:dkim:5:2026-10-01/2026-10-02 mail=esp:dkim:5:2026-10-20/2026-10-20 "
          "mail=esp:marked:5:2026-11-10/2026-11-10 mail=esp:marked:5:2026-11-15/2026-11-15 "
          "mail=esp:marked:5:2026-11-20/2026-11-20",
          "stay senders -"),
    tenth("a rare sender breaks too",
          "sender=esp:rare mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:marked:5:2026-11-20/2026-11-22",
          "step-back monitor"),
    tenth("the main sender",
          "no-mta mail=mta:both:50:2026-09-24/2026-11-19 "
          "mail=mta:marked:50:2026-11-20/2026-11-22",
          "step-back monitor"),
    tenth("no freeze holds it up",
          "frozen freeze=2026-11-01/2026-12-31 weekdays=fri sender=esp "
          "mail=esp:dkim:5:2026-09-24/2026-11-19 mail=esp:marked:5:2026-11-20/2026-11-22",
          "step-back monitor"),
    {"nor does a hold", "quarantine:10", "2026-11-18", "2026-11-23",
     "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 mail=esp:marked:5:2026-11-20/2026-11-22",
     "step-back monitor"},
    tenth("it never was aligned", "sender=esp mail=esp:marked:1", "advance quarantine:50"),
    tenth("it is new and was never set up", "sender=esp mail=esp:marked:1:2026-11-12/2026-11-22",
          "advance quarantine:50"),
    tenth("spoofed through its hosts while its own mail passes",
          "sender=esp mail=esp:dkim:5 mail=esp:marked:9:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("one reporter sees it fail, another does not",
          "sender=esp mail=esp:dkim:5 mail=esp:marked:9:2026-11-20/2026-11-22:r1.example",
          "advance quarantine:50"),
    tenth("its mail is forwarded",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:forwarded:50:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("it fell silent", "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19",
          "advance quarantine:50"),
    tenth(
        "it broke and fell silent long ago",
        "sender=esp mail=esp:dkim:5:2026-09-24/2026-09-30 mail=esp:marked:5:2026-10-01/2026-10-05",
        "advance quarantine:50"),
    tenth("it was retired",
          "sender=esp:2026-11-20 mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:marked:5:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("it is not declared",
          "mail=ip:203.0.113.9:dkim:1:2026-09-24/2026-11-19 "
          "mail=ip:203.0.113.9:fail:1:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("reports are too old to act on",
          "count=500 last=2026-11-17 sender=esp mail=esp:dkim:5:2026-09-24/2026-11-14 "
          "mail=esp:marked:5:2026-11-15/2026-11-17",
          "stay evidence,senders -"),
    {"at p=none it waits", "monitor", "2026-10-01", "2026-11-23",
     "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 mail=esp:marked:5:2026-11-20/2026-11-22",
     "stay senders -"},
};

// What an outsider can produce, and what only looks like a loss.
const std::vector<RampStory> kOutsiders = {
    tenth("a botnet of unmarked mail", "mail=unmarked:fail:9999:2026-11-10/2026-11-22",
          "advance quarantine:50"),
    tenth("forged marks through the sender's own service",
          "sender=esp mail=esp:dkim:50 mail=esp:marked:500:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("unmarked mail of the service while the sender sleeps",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 mail=esp:fail:50:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("one known reporter alone sees the loss",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-22:r2.example "
          "mail=esp:dkim:5:2026-09-24/2026-11-19:r1.example "
          "mail=esp:marked:9000:2026-11-20/2026-11-22:r1.example",
          "advance quarantine:50"),
    tenth("unknown reporters claim a loss",
          "sender=esp mail=esp:dkim:5 "
          "mail=esp:marked:1000000:2026-11-20/2026-11-22:evil.example "
          "mail=esp:marked:1000000:2026-11-20/2026-11-22:worse.example",
          "advance quarantine:50"),
    tenth("unknown reporters with a history, against the known ones",
          "sender=esp mail=esp:dkim:5 mail=esp:dkim:5:2026-09-24/2026-11-19:evil.example "
          "mail=esp:marked:1000000:2026-11-20/2026-11-22:evil.example",
          "advance quarantine:50"),
    tenth("two unknown reporters with a history turn",
          "sender=esp mail=esp:dkim:5 mail=esp:dkim:1000000:2026-09-24/2026-11-19:evil.example "
          "mail=esp:marked:1000000:2026-11-20/2026-11-22:evil.example "
          "mail=esp:dkim:1000000:2026-09-24/2026-11-19:worse.example "
          "mail=esp:marked:1000000:2026-11-20/2026-11-22:worse.example",
          "advance quarantine:50"),
    tenth("an unknown reporter claims that a broken sender passes",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:marked:5:2026-11-20/2026-11-22 "
          "mail=esp:dkim:1000000:2026-09-24/2026-11-22:evil.example",
          "step-back monitor"),
    tenth("it mails less, and of the few most fail",
          "sender=esp mail=esp:dkim:50:2026-09-24/2026-11-19 "
          "mail=esp:dkim:1:2026-11-20/2026-11-22 mail=esp:marked:2:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("most of its mail still passes, and more fails",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:dkim:3:2026-11-20/2026-11-22 mail=esp:marked:4:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("only one reporter knows the sender",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19:r1.example "
          "mail=esp:marked:5:2026-11-20/2026-11-22:r1.example",
          "stay senders -"),
    tenth("two see it, and the ramp requires three",
          "reporters=3 min_reporters=3 sender=esp "
          "mail=esp:dkim:5:2026-09-24/2026-11-19:r1.example "
          "mail=esp:dkim:5:2026-09-24/2026-11-19:r2.example "
          "mail=esp:marked:5:2026-11-20/2026-11-22:r1.example "
          "mail=esp:marked:5:2026-11-20/2026-11-22:r2.example",
          "stay senders -"),
    tenth("two of five see it, and the others see none of its mail",
          "known=r1.example,r2.example,r3.example,r4.example,r5.example sender=esp "
          "mail=esp:dkim:50:2026-09-24/2026-11-19:r1.example "
          "mail=esp:dkim:50:2026-09-24/2026-11-19:r2.example "
          "mail=esp:dkim:5:2026-09-24/2026-11-19:r3.example "
          "mail=esp:dkim:5:2026-09-24/2026-11-19:r4.example "
          "mail=esp:dkim:5:2026-09-24/2026-11-19:r5.example "
          "mail=esp:marked:50:2026-11-20/2026-11-22:r1.example "
          "mail=esp:marked:50:2026-11-20/2026-11-22:r2.example",
          "advance quarantine:50"),
    tenth("two see it, and three that did not know the sender see it pass",
          "known=r1.example,r2.example,r3.example,r4.example,r5.example sender=esp "
          "mail=esp:dkim:50:2026-09-24/2026-11-19:r1.example "
          "mail=esp:dkim:50:2026-09-24/2026-11-19:r2.example "
          "mail=esp:dkim:1:2026-11-20/2026-11-22:r3.example "
          "mail=esp:dkim:1:2026-11-20/2026-11-22:r4.example "
          "mail=esp:dkim:1:2026-11-20/2026-11-22:r5.example "
          "mail=esp:marked:50:2026-11-20/2026-11-22:r1.example "
          "mail=esp:marked:50:2026-11-20/2026-11-22:r2.example",
          "advance quarantine:50"),
    tenth("the loss is real, and forwarded mail does not hide it",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:marked:5:2026-11-20/2026-11-22 mail=esp:forwarded:9:2026-11-20/2026-11-22",
          "step-back monitor"),
    tenth("its weekends are quiet, and it breaks on a Friday",
          "sender=esp mail=esp:dkim:2:2026-09-24/2026-11-19 "
          "mail=esp:dkim:48:2026-10-19/2026-10-23 mail=esp:dkim:48:2026-10-26/2026-10-30 "
          "mail=esp:dkim:48:2026-11-02/2026-11-06 mail=esp:dkim:48:2026-11-09/2026-11-13 "
          "mail=esp:dkim:48:2026-11-16/2026-11-19 "
          "mail=esp:marked:50:2026-11-20/2026-11-20 mail=esp:marked:2:2026-11-21/2026-11-22",
          "step-back monitor"),
    tenth("a weekend without mail",
          "no-mta mail=mta:both:90:2026-09-24/2026-11-19 mail=mta:both:40:2026-11-20/2026-11-22 "
          "mail=mta:marked:3:2026-11-20/2026-11-22",
          "advance quarantine:50"),
    tenth("the loss is real, and a wave hides it",
          "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
          "mail=esp:marked:5:2026-11-20/2026-11-22 "
          "mail=unmarked:fail:99999:2026-11-01/2026-11-22",
          "step-back monitor"),
};

TEST_CASE("nothing that an outsider can send or report lowers a policy") {
  for (const RampStory& story : kOutsiders) check(story);
}

constexpr const char* kBreaks =
    "sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 mail=esp:marked:5:2026-11-20/2026-11-22";

const std::vector<RampStory> kWhere = {
    {"from the top", "reject", "2026-10-01", "2026-11-23", kBreaks, "step-back reject:50"},
    {"from reject at half", "reject:50", "2026-11-01", "2026-11-23", kBreaks,
     "step-back reject:10"},
    {"from the first reject", "reject:10", "2026-11-01", "2026-11-23", kBreaks,
     "step-back quarantine"},
    {"from quarantine", "quarantine", "2026-11-01", "2026-11-23", kBreaks,
     "step-back quarantine:50"},
    {"from half", "quarantine:50", "2026-11-01", "2026-11-23", kBreaks, "step-back quarantine:10"},
    {"off the ramp's steps", "quarantine:25", "2026-11-01", "2026-11-23", kBreaks,
     "step-back quarantine:10"},
    {"below the first share", "quarantine:5", "2026-11-01", "2026-11-23", kBreaks,
     "step-back monitor"},
    {"above the target", "reject", "2026-11-01", "2026-11-23",
     "target=quarantine sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
     "mail=esp:marked:5:2026-11-20/2026-11-22",
     "step-back reject:50"},
    {"a ramp of policies", "reject", "2026-11-01", "2026-11-23",
     "steps=monitor@30d,quarantine@30d,reject sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
     "mail=esp:marked:5:2026-11-20/2026-11-22",
     "step-back quarantine"},
    {"a ramp without monitor", "quarantine:10", "2026-11-01", "2026-11-23",
     "steps=quarantine:10@14d,reject sender=esp mail=esp:dkim:5:2026-09-24/2026-11-19 "
     "mail=esp:marked:5:2026-11-20/2026-11-22",
     "step-back monitor"},
};

TEST_CASE("a low legit_rate without a loss lowers nothing") {
  for (const RampStory& story : kRate) check(story);
}

TEST_CASE("an alert is given below its threshold, and not at it") {
  const auto alerts = [](const char* words) {
    const RampScene scene = scene_of({"", "quarantine", "2026-10-24", "2026-11-23", words, ""});
    return step_of(scene.domain, scene.config, scene.world).alerts;
  };
  // Three times 95 % with weights of 1, 1 and 12: the sum ends a little below 0.95.
  CHECK(alerts("rollback=0.95 no-mta "
               "mail=mta:both:19:2026-09-24/2026-11-22:r1.example "
               "mail=mta:marked:1:2026-09-24/2026-11-22:r1.example "
               "mail=mta:both:19:2026-09-24/2026-11-22:r2.example "
               "mail=mta:marked:1:2026-09-24/2026-11-22:r2.example "
               "mail=mta:both:228:2026-09-24/2026-11-22:r3.example "
               "mail=mta:marked:12:2026-09-24/2026-11-22:r3.example")
            .empty());
  // 100 % and 80 %: each is ten percentage points from the mean.
  CHECK(alerts("rollback=0.90 no-mta "
               "mail=mta:both:50:2026-09-24/2026-11-22:r1.example "
               "mail=mta:both:40:2026-09-24/2026-11-22:r2.example "
               "mail=mta:marked:10:2026-09-24/2026-11-22:r2.example")
            .size() == 2);
}

TEST_CASE("a step is taken back when a sender breaks, and for nothing that looks like it") {
  for (const RampStory& story : kBroken) check(story);
}

TEST_CASE("a step back leads one step down") {
  for (const RampStory& story : kWhere) check(story);
}

TEST_CASE("after a step back the hold begins again") {
  RampScene scene = scene_of(tenth("", kBreaks, ""));
  const auto back = step_of(scene.domain, scene.config, scene.world);
  REQUIRE(back.action == StepAction::StepBack);
  CHECK(back.reasons == std::vector<std::string>{
                            "mail of esp has failed since 2026-11-20: of 30 messages with the "
                            "domain in MAIL FROM or in a DKIM signature, 30 failed; before, about "
                            "30 passed in as many days (reported by r1.example, r2.example)"});
  scene.domain.dmarc.position = *back.to;
  scene.domain.dmarc.since = parse_date("2026-11-23");
  CHECK(to_line(step_of(scene.domain, scene.config, scene.world)) ==
        "stay hold,senders 2026-12-23");
}

TEST_CASE("spoofed mail from many sources is not the domain's own") {
  RampScene scene = scene_of(tenth("", "", ""));
  std::vector<EvidenceRow>& rows = scene.world.evidence->rows;
  const std::vector<EvidenceRow> healthy = rows;
  for (const EvidenceRow& row : healthy) {
    for (int i = 0; i < 4; ++i) {
      EvidenceRow spoofed = row;
      const auto day = row.day.time_since_epoch().count();
      spoofed.source = "ip:203.0.113." + std::to_string((day * 4 + i) % 250);
      spoofed.outcome = DmarcOutcome::Fail;
      spoofed.messages = 400;
      rows.push_back(spoofed);
    }
  }
  const auto decision = step_of(scene.domain, scene.config, scene.world);
  CHECK(to_line(decision) == "advance quarantine:50");
  CHECK(decision.evidence.legit_rate == 1.0);
  CHECK(decision.evidence.messages == 1400 + 14 * 2 * 4 * 400);
  CHECK(decision.evidence.tally.own == 1400);
}

}  // namespace
}  // namespace rampart::testing
