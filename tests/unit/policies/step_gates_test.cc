/// The step function by its gates: what evidence must show before a step up.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/ramp_story.h"

namespace rampart::testing {
namespace {

void check(const char* position, const RampStory& story) {
  INFO(story.story);
  RampStory whole = story;
  whole.position = position;
  CHECK(line_of(whole) == story.expected);
}

// At monitor since 2026-10-01, evaluated on 2026-11-23 with the days of 2026-11-06 to 2026-11-19.
RampStory monitor(const char* story, const char* words, const char* expected) {
  return {story, "monitor", "2026-10-01", "2026-11-23", words, expected};
}

const std::vector<RampStory> kFigures = {
    monitor("a healthy domain", "", "advance quarantine:10"),
    monitor("just enough messages", "count=36 low=90d:99999", "advance quarantine:10"),
    monitor("just too few", "count=35 low=90d:99999", "stay messages -"),
    monitor("the threshold itself", "min_messages=1400 low=90d:99999", "advance quarantine:10"),
    monitor("one more", "min_messages=1401 low=90d:99999", "stay messages -"),
    monitor("a longer window", "window=28d min_messages=2800 low=90d:99999",
            "advance quarantine:10"),
    monitor("a window of weeks", "window=2w min_messages=1401 low=90d:99999", "stay messages -"),
    monitor("a window of a month", "window=1mo min_messages=3100 low=90d:99999",
            "advance quarantine:10"),
    monitor("a month is that of the calendar", "window=1mo min_messages=3101 low=90d:99999",
            "stay messages -"),
    monitor("little mail, seen for longer", "count=1", "advance quarantine:10"),
    monitor("little mail, enough in its window", "count=1 low=15d:30", "advance quarantine:10"),
    monitor("little mail, a message short", "count=1 low=14d:30", "stay messages -"),
    monitor("little mail, evaluated over all of its window",
            "count=1 mail=mta:marked:1:2026-10-05/2026-10-08", "stay legit_rate -"),
    monitor("much mail, evaluated over its own window alone",
            "mail=mta:marked:50:2026-10-05/2026-10-08", "advance quarantine:10"),
    monitor("the last three days are not asked", "mail=mta:marked:9:2026-11-20/2026-11-22",
            "advance quarantine:10"),
    monitor("the day before them is", "mail=mta:marked:29:2026-11-19/2026-11-19",
            "stay legit_rate -"),
    monitor("the window's first day", "mail=mta:marked:29:2026-11-06/2026-11-06",
            "stay legit_rate -"),
    monitor("the day before it", "mail=mta:marked:29:2026-11-05/2026-11-05",
            "advance quarantine:10"),
    monitor("one reporter", "reporters=1", "stay reporters -"),
    monitor("one is enough here", "reporters=1 min_reporters=1", "advance quarantine:10"),
    monitor("two of three", "min_reporters=3", "stay reporters -"),
    monitor("three", "reporters=3 min_reporters=3", "advance quarantine:10"),
    monitor("98.04 % pass", "mail=mta:marked:1", "advance quarantine:10"),
    monitor("98 % to the message", "count=49 mail=mta:marked:1", "advance quarantine:10"),
    monitor("97.96 %", "count=48 mail=mta:marked:1", "stay legit_rate -"),
    monitor("96.15 %", "mail=mta:marked:2", "stay legit_rate -"),
    monitor("a stricter ramp", "min_legit_rate=0.99 mail=mta:marked:1", "stay legit_rate -"),
    monitor("aligned by SPF alone passes", "no-mta mail=mta:spf:50", "advance quarantine:10"),
    monitor("aligned by DKIM alone passes", "no-mta mail=mta:dkim:50", "advance quarantine:10"),
    monitor("forwarded mail does not count", "mail=mta:forwarded:40", "advance quarantine:10"),
    monitor("messages and rate missed at once", "count=10 mail=mta:marked:5 low=90d:99999",
            "stay messages,legit_rate -"),
    monitor("rate met, reporters missed", "reporters=1 count=100", "stay reporters -"),
};

const std::vector<RampStory> kStrangers = {
    monitor("a wave of spoofing for two days",
            "mail=ip:203.0.113.9:fail:9999:2026-11-10/2026-11-11", "advance quarantine:10"),
    monitor("a source that fails on three days with much",
            "mail=ip:203.0.113.9:fail:9999:2026-11-10/2026-11-12", "advance quarantine:10"),
    monitor("three days with less than half a percent",
            "mail=ip:203.0.113.9:fail:1:2026-11-10/2026-11-12", "advance quarantine:10"),
    monitor("three days with a little more", "mail=ip:203.0.113.9:fail:2:2026-11-10/2026-11-12",
            "advance quarantine:10"),
    monitor("a ramp that allows for it",
            "max_unresolved=0.01 mail=ip:203.0.113.9:fail:2:2026-11-10/2026-11-12",
            "advance quarantine:10"),
    monitor("ignored by address",
            "ignore=203.0.113.9 mail=ip:203.0.113.9:fail:50:2026-11-10/2026-11-19",
            "advance quarantine:10"),
    monitor("ignored by host",
            "ignore=partner.example mail=ptr:partner.example:fail:50:2026-11-10/2026-11-19",
            "advance quarantine:10"),
    monitor("a host of our own, on one day", "mail=ptr:example.com:marked:29:2026-11-10/2026-11-10",
            "stay legit_rate -"),
    monitor("a host below our own", "mail=ptr:mx.example.com:marked:29:2026-11-10/2026-11-10",
            "stay legit_rate -"),
    monitor("a host of others", "mail=ptr:example.net:fail:5:2026-11-10/2026-11-10",
            "advance quarantine:10"),
    monitor("a name that only looks like ours",
            "mail=ptr:notexample.com:fail:5:2026-11-10/2026-11-10", "advance quarantine:10"),
    monitor("it passed as us in the window",
            "mail=ip:198.51.100.7:spf:1 mail=ip:198.51.100.7:fail:5:2026-11-10/2026-11-10",
            "advance quarantine:10"),
    monitor("it passed as us long ago",
            "mail=ip:198.51.100.7:both:1:2026-10-01/2026-10-01 "
            "mail=ip:198.51.100.7:fail:5:2026-11-10/2026-11-10",
            "advance quarantine:10"),
    monitor("it never did", "mail=ip:198.51.100.7:fail:5:2026-11-10/2026-11-10",
            "advance quarantine:10"),
    monitor("an undeclared service that fails daily", "service=mailchimp mail=mailchimp:marked:5",
            "stay legit_rate,unresolved -"),
    monitor("an undeclared service without a mark, half a percent on three days",
            "service=esp mail=esp:fail:3:2026-11-10/2026-11-12", "stay unresolved -"),
    monitor("the same on two days", "service=esp mail=esp:fail:30:2026-11-10/2026-11-11",
            "advance quarantine:10"),
    monitor("the same below half a percent", "service=esp mail=esp:fail:1:2026-11-10/2026-11-12",
            "advance quarantine:10"),
    monitor("mail of one that others forwarded", "service=esp mail=esp:forwarded:50",
            "advance quarantine:10"),
    monitor("forwarded mail of the domain does not make its share small",
            "service=esp mail=esp:fail:3:2026-11-10/2026-11-12 mail=mta:forwarded:5000",
            "stay unresolved -"),
    monitor("the same, ignored", "service=esp ignore=esp mail=esp:fail:30:2026-11-10/2026-11-19",
            "advance quarantine:10"),
    monitor("a source without a name for lack of an answer",
            "mail=ip:192.0.2.9:unnamed:8:2026-11-10/2026-11-10", "stay unresolved -"),
    monitor("the same, much of it", "mail=ip:192.0.2.9:unnamed:50", "stay legit_rate,unresolved -"),
    monitor("the same, little of it", "mail=ip:192.0.2.9:unnamed:1:2026-11-10/2026-11-10",
            "advance quarantine:10"),
    monitor("a hundred thousand messages of unknown hosts every day", "mail=unmarked:fail:100000",
            "advance quarantine:10"),
    monitor("an undeclared source that passes", "mail=ip:198.51.100.7:both:50",
            "advance quarantine:10"),
    monitor("forwarders are resolved", "mail=ip:198.51.100.7:forwarded:50",
            "advance quarantine:10"),
    monitor("nothing but spoofing, day by day", "no-mta mail=ip:203.0.113.9:fail:30",
            "stay messages,legit_rate -"),
    monitor("spoofing opens no gate for want of mail",
            "count=1 low=14d:30 mail=ip:203.0.113.9:fail:9999:2026-11-10/2026-11-11",
            "stay messages -"),
    monitor("no senders declared, all passes", "no-senders", "advance quarantine:10"),
    monitor("no senders declared, some fails", "no-senders mail=mta:marked:2", "stay legit_rate -"),
    monitor("no senders declared, a foreign source fails", "no-senders mail=ip:203.0.113.9:fail:5",
            "advance quarantine:10"),
};

const std::vector<RampStory> kReporters = {
    monitor("a verified report of an unknown one does not count",
            "reporters=1 mail=mta:both:50:2026-11-01/2026-11-22:evil.example", "stay reporters -"),
    monitor("an unknown one counts after thirty days, beside a known one", "known=r1.example",
            "advance quarantine:10"),
    monitor("never alone", "known=other.example",
            "stay hold,evidence,messages,reporters,legit_rate -"),
    monitor("refused", "refused=r2.example", "stay reporters -"),
    monitor("a million passing messages of an unknown one do not outvote the known ones",
            "mail=mta:marked:5 mail=mta:both:1000000:2026-09-24/2026-11-22:evil.example",
            "stay legit_rate -"),
    monitor("nor those of a new unknown one",
            "mail=mta:marked:5 mail=mta:both:1000000:2026-11-10/2026-11-22:evil.example",
            "stay legit_rate -"),
    monitor("a known one that suddenly claims a million weighs no more than the others together",
            "mail=mta:marked:5 mail=mta:both:1000000:2026-11-10/2026-11-22:r3.example",
            "stay legit_rate -"),
    monitor("nor does it outvote a large known one whose mail fails, beside two small ones",
            "reporters=3 mail=mta:both:450:2026-09-24/2026-11-22:r1.example "
            "mail=mta:marked:20:2026-11-06/2026-11-19:r1.example "
            "mail=mta:both:1000000:2026-09-24/2026-11-22:evil.example",
            "stay legit_rate -"),
    monitor("nor does a new known one that claims a million, beside one whose mail passes",
            "mail=mta:both:450:2026-09-24/2026-11-22:r1.example "
            "mail=mta:marked:32:2026-11-06/2026-11-19:r1.example "
            "mail=mta:both:1000000:2026-11-10/2026-11-22:r3.example",
            "stay legit_rate -"),
    monitor("an unknown one fills no gate that requires some messages",
            "count=1 low=14d:30 mail=mta:both:1000:2026-09-24/2026-11-22:evil.example",
            "stay messages -"),
    monitor("a wave that one of them saw before adds nothing to its weight",
            "mail=mta:marked:3:2026-11-06/2026-11-19:r2.example "
            "mail=unmarked:fail:99999:2026-10-01/2026-11-05:r1.example",
            "stay legit_rate -"),
    monitor("an unknown one can hold a step",
            "mail=mta:both:50:2026-09-24/2026-11-05:evil.example "
            "mail=mta:marked:50:2026-11-06/2026-11-22:evil.example",
            "stay legit_rate -"),
    monitor("a large reporter that falls silent",
            "mail=mta:both:200:2026-09-24/2026-11-04:r3.example", "stay evidence -"),
    monitor("a large reporter that falls silent while a botnet mails to another",
            "mail=mta:both:200:2026-09-24/2026-11-04:r3.example "
            "mail=unmarked:fail:99999:2026-10-01/2026-11-04:r1.example",
            "stay evidence -"),
    monitor("a large reporter that falls silent while another sees much of an ignored source",
            "ignore=relay.example mail=mta:both:200:2026-09-24/2026-11-04:r3.example "
            "mail=ptr:relay.example:both:900:2026-09-24/2026-11-04:r1.example",
            "stay evidence -"),
    monitor("one that saw nothing but an ignored source",
            "ignore=relay.example "
            "mail=ptr:relay.example:both:200:2026-09-24/2026-11-04:r3.example",
            "advance quarantine:10"),
    monitor("an ignored source that one of them saw before adds nothing to its weight",
            "ignore=relay.example mail=mta:marked:3:2026-11-06/2026-11-19:r2.example "
            "mail=ptr:relay.example:both:900:2026-09-24/2026-11-05:r1.example",
            "stay legit_rate -"),
    monitor("a small one that does", "mail=mta:both:20:2026-09-24/2026-11-04:r3.example",
            "advance quarantine:10"),
    monitor("passing mail that an unknown one claims does not make an undeclared service small",
            "service=esp mail=esp:fail:3:2026-11-10/2026-11-12 "
            "mail=mta:both:90000:2026-09-24/2026-11-22:evil.example",
            "stay unresolved -"),
    monitor("nor mail without a name",
            "mail=ip:192.0.2.9:unnamed:8:2026-11-10/2026-11-10 "
            "mail=mta:both:90000:2026-09-24/2026-11-22:evil.example",
            "stay unresolved -"),
    monitor("nor that of one known reporter against two",
            "service=esp mail=esp:fail:3:2026-11-10/2026-11-12:r1.example "
            "mail=esp:fail:3:2026-11-10/2026-11-12:r2.example "
            "mail=mta:both:90000:2026-09-24/2026-11-22:r3.example",
            "stay unresolved -"),
    monitor("a known one that claimed a million every day does not outvote two others",
            "mail=mta:marked:6:2026-09-24/2026-11-22:r1.example "
            "mail=mta:marked:6:2026-09-24/2026-11-22:r2.example "
            "mail=mta:both:1000000:2026-09-24/2026-11-22:r3.example",
            "stay legit_rate -"),
    monitor("one of two that sees little of the domain's mail pass outvotes nobody",
            "mail=mta:marked:1:2026-11-06/2026-11-19:r2.example", "advance quarantine:10"),
    monitor("signed mail that somebody sends again and again proves nothing",
            "mail=mta:marked:6 mail=mta:dkim:500:2026-11-06/2026-11-19", "stay legit_rate -"),
    monitor("an ignored source of before raises no cap on growth",
            "ignore=relay.example mail=ptr:relay.example:both:900:2026-09-24/2026-11-05 "
            "mail=mta:marked:6 mail=mta:dkim:500:2026-11-06/2026-11-19",
            "stay legit_rate -"),
    monitor("nor does forged mail on the days without mail",
            "no-mta mail=mta:both:50:2026-09-24/2026-11-05 "
            "mail=mta:both:350:2026-11-18/2026-11-19 mail=mta:marked:6:2026-11-18/2026-11-19 "
            "mail=unmarked:fail:1:2026-11-06/2026-11-22",
            "stay legit_rate -"),
    monitor("two new ones weigh no more than the old one together",
            "reporters=1 min_legit_rate=0.96 mail=mta:marked:5 "
            "mail=mta:both:1000000:2026-11-10/2026-11-22:r2.example "
            "mail=mta:both:1000000:2026-11-10/2026-11-22:r3.example",
            "stay legit_rate -"),
    monitor("an unknown one without a past takes no weight from a known one that sees failures",
            "reporters=1 mail=mta:both:40:2026-11-06/2026-11-19:r2.example "
            "mail=mta:marked:10:2026-11-06/2026-11-19:r2.example "
            "mail=unmarked:fail:1:2026-09-24/2026-11-05:evil.example "
            "mail=mta:both:1000000:2026-11-06/2026-11-19:evil.example",
            "stay legit_rate -"),
    monitor("mail that doubled is believed",
            "mail=mta:marked:1:2026-11-06/2026-11-19 mail=mta:both:50:2026-11-06/2026-11-19",
            "advance quarantine:10"),
    monitor("mail that grew is believed where nothing fails",
            "mail=mta:both:5000:2026-11-06/2026-11-19", "advance quarantine:10"),
    monitor("a reporter whose reports count no message says nothing",
            "reporters=1 mail=mta:both:0:2026-10-01/2026-11-22:r2.example", "stay reporters -"),
    monitor("two names of one organization are one reporter",
            "reporters=1 known=r1.example,mail.r1.example "
            "mail=mta:both:50:2026-09-24/2026-11-22:mail.r1.example",
            "stay reporters -"),
};

TEST_CASE("reporters count when they are known, by their past share") {
  for (const RampStory& story : kReporters) check("monitor", story);
}

const std::vector<RampStory> kAge = {
    monitor("reports to yesterday", "", "advance quarantine:10"),
    monitor("reports four days old", "last=2026-11-18", "advance quarantine:10"),
    monitor("reports five days old", "last=2026-11-17", "stay evidence -"),
    monitor("five days and a second", "last=2026-11-17 at=0", "stay evidence -"),
    monitor("weeks old", "last=2026-11-10", "stay evidence -"),
    monitor("none", "no-reports", "stay hold,evidence,messages,reporters,legit_rate -"),
    monitor("none of this domain", "last=2026-09-01",
            "stay hold,evidence,messages,reporters,legit_rate -"),
};

// At quarantine since 2026-10-24: the next step is the first of p=reject.
RampStory quarantine(const char* story, const char* words, const char* expected) {
  return {story, "quarantine", "2026-10-24", "2026-11-23", words, expected};
}

const std::vector<RampStory> kDkim = {
    quarantine("every sender signs", "", "advance reject:10"),
    quarantine("one aligns by SPF alone", "sender=esp mail=esp:spf:5", "stay dkim -"),
    quarantine("one aligns by DKIM alone", "sender=esp mail=esp:dkim:5", "advance reject:10"),
    quarantine("one was never seen", "sender=esp", "stay dkim -"),
    quarantine("one is rare", "sender=esp:rare", "advance reject:10"),
    quarantine("one left", "sender=esp:2026-11-01", "advance reject:10"),
    quarantine("one leaves today", "sender=esp:2026-11-23", "advance reject:10"),
    quarantine("one leaves tomorrow", "sender=esp:2026-11-24", "stay dkim -"),
    quarantine("seen once, weeks ago", "sender=esp mail=esp:dkim:1:2026-09-30/2026-09-30",
               "advance reject:10"),
    quarantine("seen on the window's first day",
               "from=2026-08-01 sender=esp mail=esp:both:1:2026-08-25/2026-08-25",
               "advance reject:10"),
    quarantine("seen the day before",
               "from=2026-08-01 sender=esp mail=esp:both:1:2026-08-24/2026-08-24", "stay dkim -"),
    quarantine("the only sender does not sign", "no-mta mail=mta:spf:50", "stay dkim -"),
    quarantine("no senders declared", "no-senders", "advance reject:10"),
    quarantine("two unseen", "sender=esp sender=crm", "stay dkim -"),
};

TEST_CASE("a gate is met or missed by its figure") {
  for (const RampStory& story : kFigures) check("monitor", story);
}

TEST_CASE("only mail that may be the domain's own counts") {
  for (const RampStory& story : kStrangers) check("monitor", story);
}

TEST_CASE("old evidence proves nothing") {
  for (const RampStory& story : kAge) check("monitor", story);
}

TEST_CASE("before p=reject every sender is seen to sign") {
  for (const RampStory& story : kDkim) check("quarantine", story);
  RampStory shares = quarantine("", "sender=esp mail=esp:spf:5", "");
  shares.position = "quarantine:50";
  CHECK(line_of(shares) == "advance quarantine");
  shares.position = "reject:10";
  CHECK(line_of(shares) == "stay dkim -");
}

TEST_CASE("every unmet gate gives its figure and what it requires") {
  const RampScene scene =
      scene_of(monitor("", "reporters=1 count=10 low=14d:999 mail=mta:marked:1", ""));
  const StepDecision decision = step_of(scene.domain, scene.config, scene.world);
  const std::vector<std::string> expected = {
      "known reporters saw 154 of the domain's own messages from 2026-11-06 to 2026-11-19; the "
      "gate "
      "requires at least 1,000 in 14d, or 999 in 14d",
      "reports of 1 organization count for the mail of 2026-11-06 to 2026-11-19; the gate requires "
      "at least 2",
      "legit_rate is 90.90 % (140 of the domain's own messages pass, 14 fail; each reporter is "
      "weighted by its past share); the gate requires at least 98.00 %"};
  CHECK(decision.reasons == expected);
  CHECK(decision.evidence.messages == 154);
  CHECK(decision.evidence.reporters == 1);
}

const Gate& gate_of(const StepDecision& decision, GateKind kind) {
  return *std::ranges::find(decision.gates, kind, &Gate::kind);
}

TEST_CASE("the unresolved gate names a source that counts") {
  const RampScene scene =
      scene_of(monitor("",
                       "ignore=192.0.2.9 mail=ip:192.0.2.9:unnamed:50:2026-11-10/2026-11-10 "
                       "mail=ip:192.0.2.8:unnamed:8:2026-11-10/2026-11-10",
                       ""));
  const StepDecision decision = step_of(scene.domain, scene.config, scene.world);
  CHECK(gate_of(decision, GateKind::Unresolved).reason ==
        "1.13 % of the mail fails and comes from sources that could not be identified, because DNS "
        "did not answer for the PTR record of 192.0.2.9 (ip:192.0.2.8); run again when it does");
}

TEST_CASE("a share prints on the side of its limit on which it is") {
  struct Case {
    const char* words;
    bool met;
    const char* figure;
    const char* asked;
  };
  // 7 of 1,407 are 0.4975 %, and 8 of 1,408 are 0.5682 %.
  const std::vector<Case> cases = {
      {"mail=esp:fail:1:2026-11-10/2026-11-12:r1.example "
       "mail=esp:fail:2:2026-11-10/2026-11-11:r2.example",
       true, "0.49 %", "below 0.50 %"},
      {"mail=esp:fail:1:2026-11-10/2026-11-13", false, "0.57 %", "below 0.50 %"},
      {"max_unresolved=0.00498 mail=esp:fail:1:2026-11-10/2026-11-12:r1.example "
       "mail=esp:fail:2:2026-11-10/2026-11-11:r2.example",
       true, "0.49 %", "below 0.50 %"},
      {"max_unresolved=0 mail=esp:fail:1:2026-11-10/2026-11-12", false, "0.43 %", "below 0.00 %"},
  };
  for (const Case& one : cases) {
    INFO(one.words);
    const std::string words = std::string("service=esp ") + one.words;
    const RampScene scene = scene_of(monitor("", words.c_str(), ""));
    const StepDecision decision = step_of(scene.domain, scene.config, scene.world);
    const Gate& gate = gate_of(decision, GateKind::Unresolved);
    CHECK(gate.met == one.met);
    CHECK(gate.figure == one.figure);
    CHECK(gate.asked == one.asked);
  }
}

TEST_CASE("a sub-domain's rows count where its organization's record governs it") {
  RampScene scene = scene_of(monitor("", "no-mta mail=mta:both:50", ""));
  for (EvidenceRow& row : scene.world.evidence->rows) {
    row.header_from = Name::literal("shop.example.com");
  }
  const auto org = step_of(scene.domain, scene.config, scene.world);
  CHECK(to_line(org) == "advance quarantine:10");
  Domain shop = scene.domain;
  shop.name = Name::literal("shop.example.com");
  // Its own mail, but its own record was never seen.
  const auto below = step_of(shop, scene.config, scene.world);
  CHECK(to_line(below) == "stay hold 2026-12-20");
  CHECK(below.evidence.messages == 1400);
  for (EvidenceRow& row : scene.world.evidence->rows) row.policy_domain = shop.name;
  CHECK(to_line(step_of(shop, scene.config, scene.world)) == "advance quarantine:10");
  CHECK(step_of(scene.domain, scene.config, scene.world).evidence.messages == 0);
}

}  // namespace
}  // namespace rampart::testing
