/// Rules that reports answer: alignment, and how long keys have been in use.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/audit_zone.h"

namespace rampart::audit {
namespace {

using std::chrono::days;

const Time kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};
const Date kToday = std::chrono::floor<days>(kNow);
const Name kDomain = Name::literal("example.com");

EvidenceRow row(int age, DmarcOutcome outcome, std::int64_t messages) {
  return {.day = kToday - days(age),
          .policy_domain = kDomain,
          .header_from = kDomain,
          .reporter = "google.com",
          .source = "ip:192.0.2.1",
          .outcome = outcome,
          .marked = outcome == DmarcOutcome::Fail,
          .messages = messages};
}

EvidenceRow signed_row(int age, std::vector<std::string> selectors) {
  EvidenceRow made = row(age, DmarcOutcome::DkimOnly, 100);
  made.selectors = std::move(selectors);
  made.selectors_reported = true;
  return made;
}

Evidence evidence_of(std::vector<EvidenceRow> rows) {
  Evidence evidence;
  std::ranges::sort(rows, {}, &EvidenceRow::day);
  for (const EvidenceRow& one : rows) evidence.known_reporters.insert(one.reporter);
  evidence.newest = kNow - days(1);
  evidence.rows = std::move(rows);
  return evidence;
}

/// google.com is known, as in the built-in list.
Config config_of() {
  Config config;
  config.reporters.known = {"google.com"};
  return config;
}

/// The good domain, with these rows as its reports.
Facts reported(std::vector<EvidenceRow> rows) {
  Facts facts = good_facts_but("example.com TXT", "example.com TXT v=spf1 mx -all");
  const Evidence evidence = evidence_of(std::move(rows));
  facts.mail = mail_facts(&evidence, config_of(), kDomain, kNow);
  return facts;
}

RuleResult result_of(const Facts& facts, std::string_view profile, std::string_view id) {
  const auto results = find_profile(profile)->rule_results(facts);
  const auto found = std::ranges::find(results, id, &RuleResult::id);
  REQUIRE(found != results.end());
  return *found;
}

}  // namespace

TEST_CASE("aligned is answered by reports, and silence answers nothing") {
  struct Row {
    const char* what;
    std::vector<EvidenceRow> rows;
    Verdict aligned;
    Verdict both;
  };
  EvidenceRow unanswered = row(10, DmarcOutcome::Fail, 500);
  unanswered.marked = false;
  unanswered.lacks = "the PTR record of 192.0.2.9";
  EvidenceRow spoofed = row(10, DmarcOutcome::Fail, 100'000);
  spoofed.marked = false;
  spoofed.source = std::string(kUnmarkedSources);
  const Row rows[] = {
      {"all by both", {row(10, DmarcOutcome::Both, 1000)}, Verdict::Pass, Verdict::Pass},
      {"all by one", {row(10, DmarcOutcome::SpfOnly, 1000)}, Verdict::Pass, Verdict::Unknown},
      {"98 in a hundred",
       {row(10, DmarcOutcome::Both, 980), row(10, DmarcOutcome::Fail, 20)},
       Verdict::Pass,
       Verdict::Pass},
      {"97 in a hundred",
       {row(10, DmarcOutcome::Both, 970), row(10, DmarcOutcome::Fail, 30)},
       Verdict::Fail,
       Verdict::Unknown},
      {"a wave of spoofing is not the domain's own mail",
       {row(10, DmarcOutcome::Both, 1000), spoofed},
       Verdict::Pass,
       Verdict::Pass},
      {"failing mail whose source got no answer",
       {row(10, DmarcOutcome::Both, 1000), unanswered},
       Verdict::Unknown,
       Verdict::Unknown},
      {"thirty messages", {row(10, DmarcOutcome::Both, 30)}, Verdict::Pass, Verdict::Pass},
      {"twenty-nine", {row(10, DmarcOutcome::Both, 29)}, Verdict::Unknown, Verdict::Unknown},
      {"before the window",
       {row(120, DmarcOutcome::Both, 1000)},
       Verdict::Unknown,
       Verdict::Unknown},
      {"of days that may still be reported on",
       {row(1, DmarcOutcome::Fail, 1000)},
       Verdict::Unknown,
       Verdict::Unknown},
      {"none", {}, Verdict::Unknown, Verdict::Unknown},
  };
  for (const Row& one : rows) {
    INFO(one.what);
    const Facts facts = reported(one.rows);
    CHECK(result_of(facts, "bulk-sender", "aligned").verdict == one.aligned);
    CHECK(result_of(facts, "bulk-sender", "both-pass").verdict == one.both);
  }
}

TEST_CASE("the reason of a verdict names the figures") {
  const Facts bad = reported({row(10, DmarcOutcome::Both, 970), row(10, DmarcOutcome::Fail, 30)});
  CHECK(result_of(bad, "bulk-sender", "aligned").reason ==
        "97.00 % of the domain's own mail is aligned (2026-08-20 to 2026-11-17 by 1 reporter); "
        "98.00 % is required; most fail from ip:192.0.2.1: 30");
  CHECK(result_of(reported({}), "bulk-sender", "aligned").reason ==
        "no verified report of a reporter that counts covers 2026-08-20 to 2026-11-17");
  const auto evidence = result_of(bad, "bulk-sender", "aligned").evidence;
  REQUIRE(evidence.size() == 1);
  CHECK(evidence.front().what == "DMARC reports, 2026-08-20 to 2026-11-17");
}

TEST_CASE("without a store alignment is unknown, and says what is missing") {
  Facts facts = good_facts();
  CHECK(result_of(facts, "bulk-sender", "aligned").reason == "no reports were read");
  facts.mail = mail_facts(nullptr, config_of(), kDomain, kNow);
  const RuleResult result = result_of(facts, "bulk-sender", "aligned");
  CHECK(result.verdict == Verdict::Unknown);
  CHECK(result.reason ==
        "there is neither a report store nor an evidence file (--store, --evidence)");
}

TEST_CASE("an unknown reporter alone proves nothing") {
  EvidenceRow other = row(10, DmarcOutcome::Both, 5'000);
  other.reporter = "unheard.example";
  Evidence evidence = evidence_of({other});
  evidence.known_reporters.clear();
  Facts facts = good_facts();
  facts.mail = mail_facts(&evidence, config_of(), kDomain, kNow);
  CHECK(facts.mail.state == MailFacts::State::Silent);
  CHECK(result_of(facts, "bulk-sender", "aligned").verdict == Verdict::Unknown);
}

TEST_CASE("a key is as old as its first signature") {
  const std::pair<std::vector<EvidenceRow>, Verdict> rows[] = {
      // s1 is the domain's only key; the other selector shows how far reports go back.
      {{signed_row(195, {"old"}), signed_row(20, {"s1"})}, Verdict::Pass},
      {{signed_row(195, {"s1"}), signed_row(20, {"s1"})}, Verdict::Fail},
      {{signed_row(100, {"old"}), signed_row(20, {"s1"})}, Verdict::Unknown},
      {{signed_row(195, {"old"})}, Verdict::Unknown},
      {{row(20, DmarcOutcome::SpfOnly, 100)}, Verdict::Unknown},
      {{}, Verdict::Unknown},
  };
  for (const auto& [given, verdict] : rows) {
    const RuleResult result = result_of(reported(given), "m3aawg", "key-age");
    INFO(result.reason);
    CHECK(result.verdict == verdict);
  }
}

TEST_CASE("a domain that sends nothing has no mail to align and no key to rotate") {
  const Facts facts = facts_of("parked.example", "parked.example TXT v=spf1 -all");
  CHECK(result_of(facts, "bulk-sender", "aligned").verdict == Verdict::Pass);
  CHECK(result_of(facts, "m3aawg", "key-age").verdict == Verdict::Pass);
}

}  // namespace rampart::audit
