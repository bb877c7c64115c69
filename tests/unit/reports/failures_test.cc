/// Failure reports: the examples of RFC 6591 and RFC 9991, redaction, dates, and sums.
#include <catch2/catch.hpp>

#include "reports/failures/failure_summary.h"

namespace rampart::reports {
namespace {

const std::string kFields =
    "Feedback-Type: auth-failure\r\nUser-Agent: Someisp-Feedback/1.0\r\nVersion: 1\r\n"
    "Original-Mail-From: <Anexample.Reply@a.sender.example>\r\n"
    "Original-Rcpt-To: rfc822; alice.secret@receiver.example\r\n"
    "Original-Envelope-Id: o3F52gxO029144\r\n"
    "Authentication-Results: mta1011.example;\r\n dkim=fail (bodyhash) header.d=sender.example\r\n"
    "Auth-Failure: DMARC\r\nDKIM-Domain: Sender.example\r\nDKIM-Identity: bob.secret@x.example\r\n"
    "DKIM-Selector: testkey\r\nDelivery-Result: reject\r\nIdentity-Alignment: dkim, spf\r\n"
    "Arrival-Date: Sat, 8 Oct 2011 20:15:58 +0200 (CEST)\r\nSource-IP: 192.0.2.1\r\n"
    "Reported-Domain: sender.example\r\nReporting-MTA: dns; mx.receiver.example\r\n";
const std::string kOriginal =
    "From: \"Bob Secret\" <bob.secret@a.sender.example>\r\nSubject: secret matter\r\n"
    "Message-ID: <secret@id.example>\r\n";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  return at == text.npos ? "cannot replace " + from : text.replace(at, from.size(), to);
}

Result<FailureReport> read(const std::string& fields, const std::string& original = kOriginal) {
  return read_failure_report(fields, original, AddressPrivacy::Redacted);
}

}  // namespace

TEST_CASE("a failure report's fields are read, and people's names are not") {
  const Result<FailureReport> report = read(kFields);
  REQUIRE(report);
  CHECK(report->domain == "sender.example");
  CHECK(report->source == spf::Ip::parse("192.0.2.1"));
  CHECK(report->auth_failure == "dmarc");
  CHECK(report->delivery_result == "reject");
  CHECK(report->alignment == "dkim,spf");
  CHECK(report->from == "redacted@a.sender.example");
  CHECK(report->mail_from == "redacted@a.sender.example");
  CHECK(report->rcpt_to == "redacted@receiver.example");
  CHECK(report->dkim_domain == "sender.example");
  CHECK(report->dkim_selector == "testkey");
  CHECK(report->reporting_mta == "mx.receiver.example");
  CHECK(report->incidents == 1);
  REQUIRE(report->arrival);
  CHECK(to_text(*report->arrival) == "2011-10-08T18:15:58Z");
}

TEST_CASE("local parts are kept on request alone") {
  const auto kept = read_failure_report(kFields, kOriginal, AddressPrivacy::Kept);
  REQUIRE(kept);
  CHECK(kept->from == "bob.secret@a.sender.example");
  CHECK(kept->mail_from == "Anexample.Reply@a.sender.example");
  CHECK(kept->identity == read(kFields)->identity);
}

TEST_CASE("what may hide a person in a failure report becomes a word or nothing") {
  struct Case {
    std::string from, to;
    std::string FailureReport::*member;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"DMARC", "bob@x.example", &FailureReport::auth_failure, "other"},
      {"testkey", "bob@x.example", &FailureReport::dkim_selector, "other"},
      {"Sender.example", "bob secret", &FailureReport::dkim_domain, ""},
      {"<Anexample.Reply@a.sender.example>", "<>", &FailureReport::mail_from, ""},
      {"<Anexample.Reply@a.sender.example>", "bob", &FailureReport::mail_from, ""},
      {"<Anexample.Reply@a.sender.example>", "a@b@c.example", &FailureReport::mail_from,
       "redacted@c.example"},
      {"reject", std::string(80, 'x'), &FailureReport::delivery_result, "other"},
      {"Reported-Domain: sender.example", "X: y", &FailureReport::domain, "a.sender.example"},
  };
  for (const Case& one : cases) {
    const auto report = read(replaced(kFields, one.from, one.to));
    INFO(one.to);
    REQUIRE(report);
    CHECK((*report).*one.member == one.expected);
  }
}

TEST_CASE("a number of incidents is bounded, however many digits it has") {
  const std::vector<std::pair<std::string, std::int64_t>> cases = {
      {"7", 7},
      {"0", 1},
      {"12345678", 1'000'000},
      {"123456789012345678901", 1'000'000},
      {"1000000", 1'000'000},
      {"many", 1},
      {"-3", 1}};
  for (const auto& [text, expected] : cases) {
    const auto report = read(kFields + "Incidents: " + text + "\r\n");
    INFO(text);
    REQUIRE(report);
    CHECK(report->incidents == expected);
  }
}

TEST_CASE("other feedback and reports about nobody are refused") {
  const auto error = [](const Result<FailureReport>& report) {
    return report ? std::string() : sentence(report.error());
  };
  const std::string abuse = replaced(replaced(kFields, "auth-failure", "abuse"), "Auth-Fail", "X");
  CHECK(error(read(abuse)).find("feedback of type abuse") != std::string::npos);
  CHECK(error(read(replaced(kFields, "Feedback-Type", "X"))).find("no Feedback-Type") !=
        std::string::npos);
  const std::string nobody =
      replaced(replaced(kFields, "Reported-Domain", "X"), "Original-Mail-From", "Y");
  CHECK(error(read(nobody, "")).find("names no domain") != std::string::npos);
  CHECK_FALSE(read(""));
}

TEST_CASE("copies of a failure report have one identity") {
  std::string unix_lines = kFields;
  std::erase(unix_lines, '\r');
  CHECK(read(unix_lines)->identity == read(kFields)->identity);
  CHECK(read(kFields + "\r\n")->identity == read(kFields)->identity);
  CHECK(read(replaced(kFields, "192.0.2.1", "192.0.2.2"))->identity != read(kFields)->identity);
  CHECK(read(kFields, "From: x@y.example\r\n")->identity != read(kFields)->identity);
}

TEST_CASE("dates of mails") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Sat, 8 Oct 2011 20:15:58 +0000", "2011-10-08T20:15:58Z"},
      {"8 Oct 2011 20:15:58 -0500 (CDT)", "2011-10-09T01:15:58Z"},
      {"8 October 11 20:15 GMT", "2011-10-08T20:15:00Z"},
      {"Sat, 08 Oct 2011 20:15:58 +0530", "2011-10-08T14:45:58Z"},
      {"Sat,8 Oct 2011 20:15:58", "2011-10-08T20:15:58Z"},
      {"", ""},
      {"yesterday", ""},
      {"32 Oct 2011 20:15:58 +0000", ""},
      {"8 Oct 2011 25:15:58 +0000", ""},
      {"8 Foo 2011 20:15:58 +0000", ""},
      {"8 Oct 2011 20:15:58 +9900", ""},
      {"31 Feb 2011 20:15:58 +0000", ""},
      {"2011-10-08T20:15:58Z", ""}};
  for (const auto& [text, expected] : cases) {
    const auto time = parse_mail_date(text);
    INFO(text);
    CHECK((time ? to_text(*time) : std::string()) == expected);
  }
}

TEST_CASE("sums of failure reports") {
  FailureSummer summer("sender.example");
  const Date day(std::chrono::year(2026) / 11 / 20);
  FailureReport report = *read(kFields);
  summer.add({day, "receiver.example", true, report});
  report.incidents = 4;
  report.auth_failure.clear();
  summer.add({day + std::chrono::days(1), "other.example", false, report});
  report.source.reset();
  report.incidents = 1;
  summer.add({day, "other.example", false, report});
  const FailureSummary sums = summer.finish();
  CHECK(sums.reports == 3);
  CHECK(sums.verified_reports == 1);
  CHECK(sums.incidents == 6);
  CHECK(sums.auth_failures == Incidents{{"dmarc", 1}, {"unknown", 5}});
  REQUIRE(sums.sources.size() == 2);
  CHECK(sums.sources[0].source == spf::Ip::parse("192.0.2.1"));
  CHECK(sums.sources[0].incidents == 5);
  CHECK(sums.sources[0].from == std::set<std::string>{"redacted@a.sender.example"});
  CHECK(sums.sources[0].dkim == std::set<std::string>{"testkey._domainkey.sender.example"});
  CHECK(sums.sources[0].last == day + std::chrono::days(1));
  CHECK_FALSE(sums.sources[1].source);
}

}  // namespace rampart::reports
