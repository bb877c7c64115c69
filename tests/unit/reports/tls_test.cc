/// SMTP TLS reports: the example of RFC 8460 appendix B, what reporters write instead, and sums.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <limits>

#include "reports/tls/tls_summary.h"

namespace rampart::reports {
namespace {

const std::string kReport = R"({
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2016-04-01T00:00:00Z",
                 "end-datetime": "2016-04-01T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {"policy-type": "sts",
               "policy-string": ["version: STSv1", "mode: testing", "mx: *.mail.company-y.example"],
               "policy-domain": "company-y.example",
               "mx-host": ["*.mail.company-y.example"]},
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
    "failure-details": [
      {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:0012::1",
       "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100},
      {"result-type": "starttls-not-supported", "sending-mta-ip": "2001:db8:abcd:0013::1",
       "receiving-mx-hostname": "MX2.mail.company-y.example", "receiving-ip": "203.0.113.56",
       "failed-session-count": 200, "additional-information": "https://reports.example/?id=1"},
      {"result-type": "validation-failure", "sending-mta-ip": "198.51.100.62",
       "receiving-ip": "203.0.113.58", "receiving-mx-hostname": "mx-backup.mail.company-y.example",
       "failed-session-count": 3, "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}
    ]}]})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  return at == text.npos ? "cannot replace " + from : text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the example of RFC 8460 is read whole") {
  const Result<TlsReport> report = read_tls_report(kReport);
  REQUIRE(report);
  CHECK(report->org == "Company-X");
  CHECK(report->contact == "sts-reporting@company-x.example");
  CHECK(to_text(report->begin) == "2016-04-01T00:00:00Z");
  CHECK(to_text(report->end) == "2016-04-01T23:59:59Z");
  REQUIRE(report->policies.size() == 1);
  const TlsPolicy& policy = report->policies[0];
  CHECK(policy.type == "sts");
  CHECK(policy.domain == "company-y.example");
  CHECK(policy.lines.size() == 3);
  CHECK(policy.mx_hosts == std::vector<std::string>{"*.mail.company-y.example"});
  CHECK(policy.successes == 5326);
  CHECK(policy.failures == 303);
  REQUIRE(policy.details.size() == 3);
  CHECK(policy.details[1] == TlsFailure{"starttls-not-supported", "2001:db8:abcd:0013::1",
                                        "mx2.mail.company-y.example", "203.0.113.56",
                                        "https://reports.example/?id=1", 200});
  CHECK(policy.details[2].reason == "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED");
}

TEST_CASE("deviations of TLS reporters") {
  struct Case {
    std::string story, from, to;
    std::string error;  ///< Empty: it is read.
  };
  const std::vector<Case> cases = {
      {"mx-host as a text", "[\"*.mail.company-y.example\"]", "\"*.mail.company-y.example\"", ""},
      {"counts as texts", "5326", "\"5326\"", ""},
      {"no summary count", "\"total-failure-session-count\": 303", "\"x\": 1", ""},
      {"null count", "303", "null", ""},
      {"dates with an offset", "00:00:00Z", "02:00:00+02:00", ""},
      {"U-label", "\"policy-domain\": \"company-y", "\"policy-domain\": \"f\u00fcr", ""},
      {"byte order mark", "{\n", "\xEF\xBB\xBF{\n", ""},
      {"no contact", "contact-info", "contact", ""},
      {"upper case", "\"sts\"", "\"STS\"", ""},
      {"negative count", "5326", "-1", "not a count of sessions"},
      {"half a session", "5326", "0.5", "not a count of sessions"},
      {"absurd count", "5326", "1e30", "not a count of sessions"},
      {"most sessions", "5326", "999999999697", ""},
      {"more sessions than anybody has", "5326", "999999999698", "add up to more than"},
      {"more in its details", "count\": 200", "count\": 999999999898", "add up to more than"},
      {"no id", "report-id", "id", "no report-id"},
      {"no reporter", "Company-X\",", "\", \"contact-info\": \"\",", ""},
      {"no start", "start-datetime", "start", "start-datetime"},
      {"ends first", "2016-04-01T23:59:59Z", "2015-04-01T23:59:59Z", "ends before it begins"},
      {"no domain", "policy-domain", "domain", "is not a domain"},
      {"no policies", "\"policies\"", "\"policy\"", "no SMTP TLS report"},
      {"policies of texts", "[{\n    \"policy\"", "[1, {\n    \"policy\"", "not an object"},
      {"cut off", "\"policies\"", "", "not a JSON object"},
  };
  for (const Case& one : cases) {
    const Result<TlsReport> report = read_tls_report(replaced(kReport, one.from, one.to));
    const std::string got = report ? "" : sentence(report.error());
    INFO(one.story << ": " << got);
    CHECK(one.error.empty() == got.empty());
    CHECK(got.find(one.error) != got.npos);
  }
  CHECK_FALSE(read_tls_report("{}"));
  CHECK_FALSE(read_tls_report("[]"));
  CHECK_FALSE(read_tls_report("{\"policies\":" + std::string(100'000, '[')));
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  CHECK_FALSE(read_tls_report("{\"policies\":" + deep + "}"));
}

TEST_CASE("control characters of a TLS report are dropped") {
  const auto report = read_tls_report(replaced(kReport, "Company-X", "Comp\\u001b[31many\\n"));
  REQUIRE(report);
  CHECK(report->org == "Comp[31many");
}

TEST_CASE("equal reports have one identity, others another") {
  const auto identity = [](const std::string& text) {
    const auto report = read_tls_report(text);
    return report ? identity_of(*report) : "";
  };
  const std::string one = identity(kReport);
  CHECK(one.size() == 16);
  CHECK(identity(replaced(kReport, "\"sts\"", "\"STS\" ")) == one);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"5326", "5327"},
           {"5065427c", "6"},
           {"Company-X", "Y"},
           {"count\": 200", "count\": 1"},
           {"company-y.example\",", "company-z.example\","}}) {
    CHECK(identity(replaced(kReport, from, to)) != one);
  }
}

TEST_CASE("sums of absurd TLS reports in an older store end at the largest number") {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  TlsSummer summer("example.com");
  for (std::int64_t report = 1; report <= 3; ++report) {
    const TlsFailure failure{.result_type = "certificate-expired", .sessions = kMost / 2};
    summer.add(
        {Date(),
         report,
         "r.example",
         true,
         {.type = "sts", .successes = kMost / 2, .failures = kMost / 2, .details = {failure}}});
  }
  const TlsSummary sums = summer.finish();
  CHECK(sums.sessions.successes == kMost);
  CHECK(sums.policies.at("sts").failures == kMost);
  REQUIRE(sums.problems.size() == 1);
  CHECK(sums.problems[0].sessions == kMost);
}

TEST_CASE("sums of TLS reports") {
  const auto report = read_tls_report(kReport);
  REQUIRE(report);
  TlsSummer summer("company-y.example");
  const Date day = std::chrono::floor<std::chrono::days>(report->begin);
  summer.add({day, 1, "company-x.example", true, report->policies[0]});
  summer.add({day + std::chrono::days(2), 2, "other.example", false, report->policies[0]});
  const TlsSummary sums = summer.finish();
  CHECK(sums.reports == 2);
  CHECK(sums.verified_reports == 1);
  CHECK(sums.sessions.successes == 2 * 5326);
  CHECK(sums.policies.at("sts").failures == 606);
  REQUIRE(sums.problems.size() == 3);
  CHECK(sums.problems[0].result_type == "starttls-not-supported");
  CHECK(sums.problems[0].sessions == 400);
  CHECK(sums.problems[0].last - sums.problems[0].first == std::chrono::days(2));
  CHECK(sums.problems[0].reporters.size() == 2);
  CHECK(sums.problems[1].action == "renew this MX's certificate");
  CHECK(*sums.since == day);
}

}  // namespace rampart::reports
