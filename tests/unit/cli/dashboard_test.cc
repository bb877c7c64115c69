/// The dashboard's pages: golden ones, and what hostile reports may put into them.
#include <catch2/catch.hpp>
#include <set>

#include "cli/dashboard/dashboard.h"
#include "cli/dashboard/html.h"
#include "tests/support/golden.h"

namespace rampart {
namespace {

Date day(int number) { return Date(std::chrono::days(20'777 + number)); }

DashboardDomain domain_named(const std::string& name) {
  DashboardDomain domain;
  domain.name = name;
  domain.shown = name;
  return domain;
}

/// A domain on its way, one that is done, and one that the YAML does not have.
Dashboard example() {
  Dashboard dashboard{.now = day(3), .since = day(0), .until = day(3), .origin = "a test"};
  DashboardDomain moving = domain_named("example.com");
  moving.stage = "quarantine at 10%";
  moving.rank = 410;
  StepDecision step;
  step.from = {Phase::Quarantine, 10};
  step.next = RampPosition{Phase::Quarantine, 50};
  step.earliest = day(10);
  step.gates = {
      {GateKind::Hold, false, "2026-11-29", "14d since 2026-11-15", "its hold is not over"},
      {GateKind::Messages, true, "18,204", "at least 1,000", ""}};
  step.reasons = {"its hold is not over"};
  moving.step = step;
  moving.legit_rate = 0.9931;
  moving.mail.by_outcome = {900, 80, 10, 10};
  moving.days[day(0)].by_outcome = {400, 80, 10, 0};
  moving.days[day(2)].by_outcome = {500, 0, 0, 10};
  moving.sources = {{"office", "", true, {{900, 0, 0, 0}}, ""},
                    {"ptr:example.net", "Example & Sons", false, {{0, 80, 10, 10}}, "none: <b>"}};
  moving.reporters = {{"google.com", {900, true}}, {"someone.example", {100, false}}};
  Finding finding;
  finding.severity = Severity::Error;
  finding.code = "dkim-missing";
  finding.message = "nothing signs.";
  moving.findings = {finding};
  moving.notes = {"new this week: ptr:example.net"};
  DashboardDomain parked = domain_named("parked.example");
  parked.stage = "parked";
  parked.rank = 1000;
  DashboardDomain idn = domain_named("xn--bcher-kva.example");
  idn.shown = "bücher.example";
  dashboard.domains = {moving, parked, idn};
  return dashboard;
}

TEST_CASE("the dashboard's pages are as they were reviewed") {
  const auto pages = dashboard_pages(example());
  std::set<std::string> names;
  for (const auto& [name, text] : pages) names.insert(name);
  CHECK(names == std::set<std::string>{"index.html", "by-phase.html", "by-legitimate.html",
                                       "by-messages.html", "by-failing.html", "by-findings.html",
                                       "domains/example.com.html", "domains/parked.example.html",
                                       "domains/xn--bcher-kva.example.html"});
  testing::check_golden("dashboard_index.html", pages.at("index.html"));
  testing::check_golden("dashboard_domain.html", pages.at("domains/example.com.html"));
  CHECK(dashboard_pages(example()) == pages);
}

TEST_CASE("each page of the index has its own order") {
  const auto pages = dashboard_pages(example());
  const auto before = [&](const char* page, const char* one, const char* other) {
    const std::string& text = pages.at(page);
    const std::string table = text.substr(text.find("<h2>Domains"));
    return table.find(one) < table.find(other);
  };
  CHECK(before("index.html", "example.com", "parked.example"));
  CHECK(before("by-phase.html", "bücher", "example.com.html"));
  CHECK(before("by-messages.html", "example.com", "parked"));
  CHECK(before("by-legitimate.html", "example.com", "bücher"));
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// A text in every place that a report or the YAML can fill.
Dashboard filled_with(const std::string& hostile) {
  Dashboard dashboard = example();
  DashboardDomain& domain = dashboard.domains.front();
  domain.name = domain.shown = hostile;
  domain.stage = hostile;
  domain.step->reasons = {hostile};
  domain.step->gates = {{GateKind::Hold, true, hostile, hostile, hostile}};
  domain.sources = {{hostile, hostile, true, {{1, 1, 1, 1}}, hostile}};
  domain.reporters = {{hostile, {1, true}}};
  domain.findings.front().code = domain.findings.front().message = hostile;
  domain.findings.front().hint = hostile;
  domain.notes = {hostile};
  dashboard.origin = hostile;
  return dashboard;
}

TEST_CASE("nothing of a report becomes markup, and no page leaves its folder") {
  const auto plain = dashboard_pages(filled_with("plain"));
  for (const std::string hostile :
       {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'onmouseover='alert(1)",
        "</title></style><svg/onload=alert(1)>", "javascript:alert(1)", "../../etc/passwd",
        "a\0b\x1b[31m\x7f", "\xff\xfe", "-->]]>", "&lt;b&gt;",
        "a\xe2\x80\xae"
        "b",
        "{}{0}%s"}) {
    INFO(hostile);
    const auto pages = dashboard_pages(filled_with(hostile));
    REQUIRE(pages.size() == plain.size());
    std::size_t at = 0;
    std::vector<std::string> texts;
    for (const auto& [name, text] : plain) texts.push_back(name);
    for (const auto& [name, text] : pages) {
      CHECK(name.find("../") == std::string::npos);
      CHECK(count_of(name, "/") == (name.starts_with("domains/") ? 1 : 0));
      CHECK(text.find(hostile.size() > 3 && hostile != "javascript:alert(1)" &&
                              hostile != "../../etc/passwd" && hostile != "{}{0}%s"
                          ? hostile
                          : "\x01") == std::string::npos);
      for (const char* part : {"\x1b", "\x7f", "\xe2\x80\xae", "\xff"}) {
        CHECK(text.find(part) == std::string::npos);
      }
      ++at;
    }
    CHECK(at == texts.size());
    // As many elements and attributes as with a harmless text.
    const auto shape = [](const std::map<std::string, std::string>& all) {
      std::size_t marks = 0;
      std::size_t quotes = 0;
      for (const auto& [name, text] : all) {
        marks += count_of(text, "<");
        quotes += count_of(text, "\"");
      }
      return std::pair(marks, quotes);
    };
    CHECK(shape(pages) == shape(plain));
  }
}

TEST_CASE("files are named so that every system takes them") {
  CHECK(html::file_name("example.com") == "example.com");
  CHECK(html::file_name("../a/b") == "=2E.=2Fa=2Fb");
  CHECK(html::file_name(".") == "=2E");
  CHECK(html::file_name("A") != html::file_name("a"));
  CHECK(!html::file_name("").empty());
  const std::string longest = html::file_name(std::string(250, 'a'));
  CHECK(longest.size() < 100);
  CHECK(longest != html::file_name(std::string(251, 'a')));
}

TEST_CASE("text that is long is cut between characters") {
  const std::string shown = html::text(std::string(499, 'a') + "üüü");
  CHECK(shown == std::string(499, 'a') + "…");
  CHECK(html::text("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(html::text("bücher – 日本") == "bücher – 日本");
}

TEST_CASE("charts stay small and whole") {
  std::map<Date, MailCounts> days;
  for (int i = 0; i < 3650; ++i) days[day(i)].by_outcome = {i, 1, 0, i % 7};
  const std::string chart = mail_chart(days, day(0), day(3649));
  CHECK(count_of(chart, "<g>") <= 120);
  CHECK(chart.size() < 100'000);
  CHECK(mail_spark(days, day(0), day(3649)).size() < 10'000);
  CHECK(count_of(mail_chart({}, day(0), day(0)), "<rect") == 0);
  std::map<Date, MailCounts> huge;
  huge[day(0)].by_outcome = {INT64_MAX / 8, INT64_MAX / 8, 0, 0};
  CHECK(count_of(mail_chart(huge, day(0), day(1)), "<rect") == 2);
}

}  // namespace
}  // namespace rampart
