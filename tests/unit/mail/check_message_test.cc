#include "mail/dmarc/check_message.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>

namespace rampart::dmarc {
namespace {

/// The names that exist, with their one TXT record.
using Texts = std::map<std::string, std::string>;

/// A message under judgement: unsigned, so that SPF decides.
struct Case {
  std::string from = "joe@example.com";
  std::string sender = "bounce@example.com";
  std::string helo = "mail.example.com";
  Texts texts;
  std::string extra;  ///< More header fields.
};

Answer answer_to(const Question& question, const Texts& texts) {
  const auto found = texts.find(question.name.text());
  if (found != texts.end() && found->second == "!") return {.status = AnswerStatus::Failed};
  if (found != texts.end() && question.type == RecordType::TXT) {
    return {.status = AnswerStatus::Data, .values = {found->second}};
  }
  for (const auto& [name, text] : texts) {
    if (Name::literal(name).is_within(question.name)) return {.status = AnswerStatus::NoData};
  }
  return {.status = AnswerStatus::NxDomain};
}

MessageVerdict verdict_on(const Case& one) {
  const std::string octets = "From: " + one.from + "\r\n" + one.extra + "\r\nHi.\r\n";
  const auto head = mail::read_head(octets);
  REQUIRE(head);
  dkim::Verifier verifier(*head);
  verifier.feed(std::string_view(octets).substr(head->body_offset));
  verifier.finish();
  const spf::Client client{
      .ip = *spf::Ip::parse("192.0.2.1"), .sender = one.sender, .helo = one.helo};
  Answers answers;
  for (int round = 0; round < 40; ++round) {
    auto verdict = check_message(client, verifier, answers);
    if (verdict.unknown.empty()) return verdict;
    for (const Question& question : verdict.unknown) {
      answers[question] = answer_to(question, one.texts);
    }
  }
  FAIL("questions without end");
  return {};
}

/// "fail p=reject dis=quarantine", as one generation sees it.
std::string shown(const Judgement& judgement) {
  return fmt::format("{} p={} dis={}", to_text(judgement.outcome), to_text(judgement.policy),
                     to_text(judgement.disposition));
}

void check(const Case& one, const std::string& walk, const std::string& psl) {
  const auto verdict = verdict_on(one);
  CHECK(shown(verdict.walk) == walk);
  CHECK(shown(verdict.psl) == psl);
}

const std::string kAny = "v=spf1 ip4:192.0.2.0/24 -all";

}  // namespace

TEST_CASE("an aligned pass passes DMARC, another's does not") {
  check({.texts = {{"example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}}},
        "pass p=reject dis=none", "pass p=reject dis=none");
  check({.sender = "b@news.example.com",
         .texts = {{"news.example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}}},
        "pass p=reject dis=none", "pass p=reject dis=none");
  check(
      {.sender = "b@news.example.com",
       .texts = {{"news.example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject; aspf=s"}}},
      "fail p=reject dis=reject", "fail p=reject dis=reject");
  check({.sender = "b@example.net",
         .texts = {{"example.net", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}}},
        "fail p=reject dis=reject", "fail p=reject dis=reject");
  check({.texts = {{"example.com", kAny}}}, "none p=none dis=none", "none p=none dis=none");
}

TEST_CASE("MAIL FROM of a bounce is its HELO name, and HELO does not count otherwise") {
  const Texts texts = {{"mail.example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}};
  check({.sender = "", .texts = texts}, "pass p=reject dis=none", "pass p=reject dis=none");
  check({.sender = "b@example.net", .texts = texts}, "fail p=reject dis=reject",
        "fail p=reject dis=reject");
  CHECK_FALSE(verdict_on({.sender = "", .helo = "", .texts = texts}).spf);
}

TEST_CASE("t= and pct are honoured by one generation each, with a remark for both") {
  const auto one = [](const std::string& record) {
    return Case{.texts = {{"_dmarc.example.com", record}}};
  };
  check(one("v=DMARC1; p=reject; t=y"), "fail p=reject dis=quarantine", "fail p=reject dis=reject");
  check(one("v=DMARC1; p=quarantine; t=y; pct=10"), "fail p=quarantine dis=none",
        "fail p=quarantine dis=quarantine");
  check(one("v=DMARC1; p=reject; pct=0"), "fail p=reject dis=reject",
        "fail p=reject dis=quarantine");
  const auto results = remarks(verdict_on(one("v=DMARC1; p=reject; t=y; pct=10")));
  REQUIRE(results.size() == 2);
  CHECK_THAT(results[0], Catch::Contains("t=y") && Catch::Contains("quarantine"));
  CHECK_THAT(results[1], Catch::Contains("10 %"));
  CHECK(remarks(verdict_on(one("v=DMARC1; p=reject"))).empty());
}

TEST_CASE("a remark where the generations find different records") {
  const Case one{.from = "joe@a.b.example.com",
                 .texts = {{"_dmarc.b.example.com", "v=DMARC1; p=reject; psd=n"},
                           {"_dmarc.example.com", "v=DMARC1; p=none"},
                           {"a.b.example.com", "x"}}};
  check(one, "fail p=reject dis=reject", "fail p=none dis=none");
  const auto results = remarks(verdict_on(one));
  REQUIRE(results.size() == 1);
  CHECK_THAT(results[0], Catch::Contains("public suffix list") && Catch::Contains("example.com"));
}

TEST_CASE("sub-domains have their own policy, and another where they do not exist") {
  Case one{.from = "joe@sub.example.com",
           .texts = {{"_dmarc.example.com", "v=DMARC1; p=none; sp=quarantine; np=reject"}}};
  check(one, "fail p=reject dis=reject", "fail p=quarantine dis=quarantine");
  one.texts["sub.example.com"] = "x";
  check(one, "fail p=quarantine dis=quarantine", "fail p=quarantine dis=quarantine");
}

TEST_CASE("a failing DNS is no verdict") {
  // The author domain's own record and an identifier of the same name need nothing above them.
  const Texts own = {{"example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}};
  Texts silent = own;
  silent["_dmarc.com"] = "!";
  check({.texts = silent}, "pass p=reject dis=none", "pass p=reject dis=none");
  // Below it, the walk decides whether they are one organization.
  silent["x.news.example.com"] = kAny;
  silent["_dmarc.news.example.com"] = "!";
  check({.sender = "b@x.news.example.com", .texts = silent}, "temperror p=reject dis=none",
        "pass p=reject dis=none");
  check({.texts = {{"_dmarc.example.com", "!"}}}, "temperror p=none dis=none",
        "temperror p=none dis=none");
  check({.texts = {{"example.com", "!"}, {"_dmarc.example.com", "v=DMARC1; p=reject"}}},
        "temperror p=reject dis=none", "temperror p=reject dis=none");
  check({.sender = "b@example.net",
         .texts = {{"example.net", "!"}, {"_dmarc.example.com", "v=DMARC1; p=reject"}}},
        "fail p=reject dis=reject", "fail p=reject dis=reject");
}

// RFC 9989 section 11.5: such fields are an attack, and never a reason not to apply DMARC.
TEST_CASE("without one author's domain DMARC is in error") {
  const Texts texts = {{"example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}};
  check({.from = "a@example.com, b@example.net", .texts = texts}, "permerror p=none dis=none",
        "permerror p=none dis=none");
  check({.from = "nobody", .texts = texts}, "permerror p=none dis=none",
        "permerror p=none dis=none");
  check({.texts = texts, .extra = "From: eve@example.net\r\n"}, "permerror p=none dis=none",
        "permerror p=none dis=none");
  check({.from = "a@example.com, b@example.com", .texts = texts}, "pass p=reject dis=none",
        "pass p=reject dis=none");
}

TEST_CASE("a From field that tolerant receivers read is evaluated, with a remark") {
  const Texts texts = {{"example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}};
  for (const char* from :
       {"Doe, John <a@example.com>", ":) x <a@example.com>", "Foo\\Bar <a@example.com>"}) {
    INFO(from);
    const auto verdict = verdict_on({.from = from, .texts = texts});
    CHECK(shown(verdict.walk) == "pass p=reject dis=none");
    REQUIRE(remarks(verdict).size() == 1);
    CHECK_THAT(remarks(verdict).front(), Catch::Contains("RFC 5322 section 3.4"));
  }
  // Two addresses, of which programs may take either one (RFC 9989 section 11.5).
  check({.from = "a@example.com, x <b@example.net> (", .texts = texts}, "permerror p=none dis=none",
        "permerror p=none dis=none");
}

TEST_CASE("a line that is no field is skipped, with a remark") {
  const Texts texts = {{"example.com", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}};
  for (const char* line : {">From joe Sat Nov 21\r\n", "no colon\r\n continued\r\n"}) {
    INFO(line);
    const auto verdict = verdict_on({.texts = texts, .extra = line});
    CHECK(shown(verdict.walk) == "pass p=reject dis=none");
    REQUIRE(remarks(verdict).size() == 1);
    CHECK_THAT(remarks(verdict).front(), Catch::Contains("line 2"));
  }
}

// RFC 9989 section 4.4: only an aligned identifier counts; what would align is named.
TEST_CASE("a pass that is not aligned says what would be") {
  const auto verdict =
      verdict_on({.sender = "b@esp.example",
                  .texts = {{"esp.example", kAny}, {"_dmarc.example.com", "v=DMARC1; p=reject"}}});
  CHECK(shown(verdict.walk) == "fail p=reject dis=reject");
  REQUIRE(remarks(verdict).size() == 1);
  CHECK_THAT(remarks(verdict).front(),
             Catch::Contains("SPF passes for esp.example, not aligned") &&
                 Catch::Contains("MAIL FROM (return path) in example.com"));
  const auto strict = verdict_on({.sender = "b@news.example.com",
                                  .texts = {{"news.example.com", kAny},
                                            {"_dmarc.example.com", "v=DMARC1; p=reject; aspf=s"}}});
  REQUIRE(remarks(strict).size() == 1);
  CHECK_THAT(remarks(strict).front(), Catch::Contains("example.com itself"));
}

TEST_CASE("a chain that cannot be read fails without a question") {
  const auto outcome = [](const std::string& fields) {
    const auto verdict = verdict_on({.extra = fields});
    return std::string(dkim::to_text(verdict.arc.outcome)) + ": " + verdict.arc.reason;
  };
  const std::string results = "ARC-Authentication-Results: i=1; mx.example; spf=pass\r\n";
  const std::string message =
      "ARC-Message-Signature: i=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n";
  const std::string seal = "ARC-Seal: i=1; a=rsa-sha256; d=a.example; s=s; cv=none; b=AAAA\r\n";
  CHECK(outcome("") == "none: ");
  CHECK(outcome(results) == "fail: set 1 does not have exactly one field of each kind");
  CHECK(outcome(results + message) == "fail: set 1 does not have exactly one field of each kind");
  CHECK(outcome(seal + seal + message + results) ==
        "fail: set 1 does not have exactly one field of each kind");
  CHECK_THAT(outcome(seal + message + results), Catch::StartsWith("fail: the message signature"));
  CHECK_THAT(outcome("ARC-Seal: i=1\r\n"), Catch::Contains("cannot be read"));
  CHECK_THAT(outcome("ARC-Authentication-Results: mx.example; i=1\r\n"),
             Catch::Contains("cannot be read"));
  CHECK_THAT(outcome("ARC-Seal: i=51; a=rsa-sha256; d=a.example; s=s; cv=none; b=AAAA\r\n"),
             Catch::Contains("between 1 and 50"));
  CHECK_THAT(outcome("ARC-Seal: i=2; a=rsa-sha256; d=a.example; s=s; cv=pass; b=AAAA\r\n"),
             Catch::Contains("set 1 is missing"));
  CHECK_THAT(outcome("ARC-Seal: i=1; h=x; a=rsa-sha256; d=a.example; s=s; cv=none; b=AA==\r\n"),
             Catch::Contains("`h=`"));
}

}  // namespace rampart::dmarc
