/// Evidence: its file, and how rows fold into it.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "reports/analysis/evidence.h"
#include "tests/support/report_scene.h"

namespace rampart::reports {
namespace {

using namespace testing;

TEST_CASE("evidence survives its file") {
  const EvidenceRow row{
      .day = kToday,
      .policy_domain = Name::literal("example.com"),
      .header_from = Name::literal("a.example.com"),
      .reporter = "google.com",
      .source = "ptr:example.net",
      .outcome = DmarcOutcome::DkimOnly,
      .passed = PassedDomains{{Name::literal("a.example.com"), Name::literal("example.com")},
                              {Name::literal("em1.example.com")}},
      .selectors = {"s1", "s2"},
      .selectors_reported = true,
      .published = {dmarc::Policy::Quarantine, 10, true},
      .messages = 9'000'000'000};
  EvidenceRow bare = row;
  bare.outcome = DmarcOutcome::Forwarded;
  bare.passed = {};
  bare.selectors.clear();
  bare.selectors_reported = false;
  bare.published = {};
  const std::map<Name, HeardReporters> heard = {
      {Name::literal("example.com"), {{"google.com", kToday}, {"yahoo.com", kToday}}}};
  for (const Evidence& one : {Evidence{}, Evidence{kNow, {row, bare}}, Evidence{{}, {bare}},
                              Evidence{.newest = kNow, .rows = {row}, .heard = heard}}) {
    const Result<Evidence> back = evidence_from_json(evidence_to_json(one));
    REQUIRE(back);
    CHECK(*back == one);
  }
  for (const char* bad : {"", "[]", "{}", R"({"evidence_version": 3, "rows": []})",
                          R"({"evidence_version": 1, "rows": [{}]})",
                          R"({"evidence_version": 1, "newest": "soon", "rows": []})",
                          R"({"evidence_version": 2, "rows": [], "heard": {}})",
                          R"({"evidence_version": 2, "rows": [], "heard": [{"domain": "a.example",
                              "reporter": "b.example", "since": "soon"}]})"}) {
    INFO(bad);
    CHECK_FALSE(evidence_from_json(bad));
  }
}

TEST_CASE("evidence never counts so many messages that sums overflow") {
  const auto counting = [](std::int64_t messages, int rows) {
    EvidenceRow one{.day = kToday,
                    .policy_domain = Name::literal("example.com"),
                    .header_from = Name::literal("example.com"),
                    .reporter = "google.com",
                    .source = "x",
                    .outcome = DmarcOutcome::Both,
                    .messages = messages};
    return evidence_from_json(
        evidence_to_json({.rows = std::vector<EvidenceRow>(static_cast<std::size_t>(rows), one)}));
  };
  constexpr std::int64_t kMost = 1'000'000'000'000;
  CHECK(counting(kMost, 1000));
  CHECK_FALSE(counting(kMost, 1001));
  CHECK_FALSE(counting(kMost + 1, 1));
  CHECK_FALSE(counting(INT64_MAX, 2));
  CHECK_FALSE(counting(-1, 1));
}

TEST_CASE("a percentage and a version of evidence are numbers that exist") {
  const auto with = [](const char* version, const char* pct) {
    return evidence_from_json(fmt::format(
        R"({{"evidence_version": {}, "newest": null, "rows": [{{"day": "2026-11-21",
            "domain": "a.example", "from": "a.example", "reporter": "r", "source": "s",
            "fate": "both", "p": "none", "pct": {}, "messages": 1}}], "heard": []}})",
        version, pct));
  };
  CHECK(with("2", "0").ok());
  CHECK(with("2", "100").ok());
  for (const char* bad : {"-1", "101", "4294967346"}) CHECK_FALSE(with("2", bad).ok());
  CHECK_FALSE(with("4294967298", "50").ok());
}

const Date kDay = kToday - std::chrono::days(5);

/// No name exists, or nothing is answered.
Resolve nothing(AnswerStatus status) {
  return [status](Answers& answers, std::span<const Question> questions) {
    for (const Question& one : questions) answers[one].status = status;
  };
}

std::vector<EvidenceRow> folded(Store& store, AnswerStatus status) {
  Config yaml = config();
  yaml.reporters.known = {"a.example"};
  const Result<Evidence> evidence = fold(store, yaml, kNow, nothing(status));
  REQUIRE(evidence);
  return evidence->rows;
}

/// "google.example unmarked fail 70000"; "!" for the mark, "?" for a missing answer.
std::vector<std::string> lines(const std::vector<EvidenceRow>& rows) {
  std::vector<std::string> texts;
  for (const EvidenceRow& row : rows) {
    texts.push_back(fmt::format("{} {}{}{} {}", row.reporter, row.source, row.marked ? "!" : "",
                                row.lacks.empty() ? "" : "?", row.messages));
  }
  return texts;
}

std::vector<TrafficGroup> wave(int addresses, const Facts& its, int network = 10) {
  std::vector<TrafficGroup> rows;
  for (int i = 0; i < addresses; ++i) {
    rows.push_back(group(fmt::format("{}.{}.{}.{}", network, i >> 16, i >> 8 & 255, i & 255), its,
                         i < 1'000 ? 2 : 1));
  }
  return rows;
}

TEST_CASE("a wave of unmarked mail is one row a day and reporter, whatever its size") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  const Facts bad = facts(Mail::Nothing);
  std::vector<TrafficGroup> rows = wave(70'000, bad);
  rows.push_back(group("192.0.2.1", facts(Mail::Both, "office"), 90));
  put_report(store.value(), kDay, "a.example", rows);
  put_report(store.value(), kDay, "b.example", wave(10, bad));
  CHECK(lines(folded(store.value(), AnswerStatus::NxDomain)) ==
        std::vector<std::string>{"a.example office 90", "a.example unmarked 71000",
                                 "b.example unmarked 20"});
}

TEST_CASE("a wave that claims our bounce domain keeps few names") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  std::vector<TrafficGroup> rows = wave(5'000, facts(Mail::OwnBounce));
  put_report(store.value(), kDay, "a.example", rows);
  const auto evidence = folded(store.value(), AnswerStatus::NxDomain);
  CHECK(evidence.size() == 101);
  CHECK(lines({evidence.back()}) == std::vector<std::string>{"a.example others! 5800"});
}

TEST_CASE("what a dead resolver could have named lacks an answer, and nothing else") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  put_report(store.value(), kDay, "a.example",
             {group("192.0.2.1", facts(Mail::Both, "office"), 1),
              group("192.0.2.2", facts(Mail::Nothing), 2),
              group("198.51.100.1", facts(Mail::DkimOnly, "m1"), 3),
              group("198.51.100.2", of_service("mailer.example", AuthResult::Pass), 4),
              group("198.51.100.3", facts(Mail::BrokenDkim), 5),
              group("198.51.100.4", facts(Mail::Nothing), 6),
              group("198.51.100.5", overridden("mailing_list"), 7)});
  CHECK(lines(folded(store.value(), AnswerStatus::NxDomain)) ==
        std::vector<std::string>{"a.example ip:198.51.100.3! 5", "a.example ip:198.51.100.5 7",
                                 "a.example mailer 3", "a.example mailer 4", "a.example office 1",
                                 "a.example office! 2", "a.example unmarked 6"});
  Result<Store> other = Store::open(":memory:");
  REQUIRE(other);
  put_report(other.value(), kDay, "a.example",
             {group("192.0.2.1", facts(Mail::Both, "office"), 1),
              group("192.0.2.2", facts(Mail::Nothing), 2),
              group("198.51.100.1", facts(Mail::DkimOnly, "m1"), 3),
              group("198.51.100.2", of_service("mailer.example", AuthResult::Pass), 4),
              group("198.51.100.3", facts(Mail::BrokenDkim), 5),
              group("198.51.100.4", facts(Mail::Nothing), 6)});
  CHECK(lines(folded(other.value(), AnswerStatus::Failed)) ==
        std::vector<std::string>{"a.example ip:198.51.100.3!? 5", "a.example ip:198.51.100.4? 6",
                                 "a.example mailer 3", "a.example mailer? 4", "a.example office 1",
                                 "a.example office! 2"});
}

TEST_CASE("author domains that failing mail invents are not kept") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  std::vector<TrafficGroup> rows;
  for (const char* author : {"a1.example.com", "a2.example.com", "a3.example.com"}) {
    Facts forged = facts(Mail::OwnBounce);
    forged.results.header_from = author;
    rows.push_back(group("198.51.100.1", forged, 1));
  }
  Facts signed_mail = facts(Mail::DkimOnly, "office");
  signed_mail.results.header_from = "shop.example.com";
  rows.push_back(group("192.0.2.1", signed_mail, 5));
  put_report(store.value(), kDay, "a.example", rows);
  std::vector<std::string> authors;
  for (const EvidenceRow& row : folded(store.value(), AnswerStatus::NxDomain)) {
    authors.push_back(fmt::format("{} {}", row.header_from.text(), row.messages));
  }
  CHECK(authors == std::vector<std::string>{"*.example.com 3", "shop.example.com 5"});
}

TEST_CASE("rows keep the domains for which their mail passed") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  const auto passing = [](const std::string& dkim, const std::string& spf, bool helo = false) {
    Facts its;
    its.results.header_from = "example.com";
    its.results.dkim = {{dkim, "office", AuthResult::Pass},
                        {"other.example.com", "office", AuthResult::Fail},
                        {"vendor.example", "v1", AuthResult::Pass}};
    its.results.spf = {{spf, helo, AuthResult::Pass}};
    its.dkim_aligned = its.spf_aligned = true;
    return its;
  };
  put_report(store.value(), kDay, "a.example",
             {group("192.0.2.1", passing("mail.example.com", "em1.example.com"), 1),
              group("192.0.2.1", passing("example.com", "em1.example.com"), 2),
              group("192.0.2.1", passing("example.com", "em1.example.com"), 4),
              group("192.0.2.1", passing("example.com", "vendor.example", true), 8)});
  std::vector<std::string> texts;
  for (const EvidenceRow& row : folded(store.value(), AnswerStatus::NxDomain)) {
    std::string text = std::to_string(row.messages);
    for (const Name& one : row.passed->dkim) text += " dkim " + one.text();
    for (const Name& one : row.passed->spf) text += " spf " + one.text();
    texts.push_back(text);
  }
  CHECK(texts == std::vector<std::string>{"6 dkim example.com spf em1.example.com",
                                          "1 dkim mail.example.com spf em1.example.com",
                                          "8 dkim example.com"});
}

TEST_CASE("domains that anybody can make pass are bounded, and those beyond are unknown") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  std::vector<TrafficGroup> rows;
  for (int i = 0; i < 700; ++i) {
    Facts its;
    its.results.header_from = "example.com";
    its.results.spf = {{fmt::format("x{}.example.com", i), false, AuthResult::Pass}};
    its.spf_aligned = true;
    rows.push_back(group("192.0.2.1", its, 1));
  }
  put_report(store.value(), kDay, "a.example", rows);
  std::int64_t known = 0;
  std::int64_t unknown = 0;
  const auto evidence = folded(store.value(), AnswerStatus::NxDomain);
  for (const EvidenceRow& row : evidence) {
    (row.passed->spf.empty() ? unknown : known) += row.messages;
  }
  CHECK(known == 500);
  CHECK(unknown == 200);
  CHECK(evidence.size() == 501);
}

TEST_CASE("likely names stay out of evidence") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  put_report(store.value(), kDay, "a.example",
             {group("198.51.100.1", of_service("mailer.example", AuthResult::Fail), 1),
              group("198.51.100.2", facts(Mail::DkimOnly, "k1"), 2),
              group("198.51.100.2", facts(Mail::DkimOnly, ""), 3)});
  CHECK(lines(folded(store.value(), AnswerStatus::NxDomain)) ==
        std::vector<std::string>{"a.example ip:198.51.100.2 3", "a.example keyed 2",
                                 "a.example unmarked 1"});
}

}  // namespace
}  // namespace rampart::reports
