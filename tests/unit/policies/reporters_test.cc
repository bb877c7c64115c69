/// Which reporters are known, which count, and which of them fell silent.
#include "policies/ramp/reporters.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "policies/model/reporters.h"

namespace rampart {
namespace {

using std::chrono::days;

const Date kToday{std::chrono::year(2026) / 11 / 23};

/// Two organizations of the built-in list, one reporter that the YAML knows, and one it refuses.
Config reporting() {
  Config config;
  config.organizations["large"] = {.name = "Large", .domains = {"large.example", "*.rua.example"}};
  config.organizations["other"] = {.name = "Other", .domains = {"other.example"}};
  config.reporters.known = {"partner.example"};
  config.reporters.refused = {"bad.example", "large.bad.example"};
  return config;
}

TEST_CASE("a reporter is known by the exact domain of a list, and refused with all below it") {
  const Config config = reporting();
  struct Case {
    std::string reporter;
    ReporterKind kind;
    std::string group;
  };
  const std::vector<Case> cases = {
      {"large.example", ReporterKind::Known, "large"},
      {"mailbox.large.example", ReporterKind::Unknown, "large.example"},
      {"notlarge.example", ReporterKind::Unknown, "notlarge.example"},
      {"a.rua.example", ReporterKind::Known, "large"},
      {"rua.example", ReporterKind::Unknown, "rua.example"},
      {"other.example", ReporterKind::Known, "other"},
      {"partner.example", ReporterKind::Known, "partner.example"},
      {"mail.partner.example", ReporterKind::Unknown, "partner.example"},
      {"bad.example", ReporterKind::Refused, "bad.example"},
      {"mail.bad.example", ReporterKind::Refused, "bad.example"},
      {"notbad.example", ReporterKind::Unknown, "notbad.example"},
  };
  for (const Case& one : cases) {
    INFO(one.reporter);
    CHECK(reporter_kind(config, one.reporter) == one.kind);
    CHECK(reporter_group(config, one.reporter) == one.group);
  }
}

EvidenceRow row(const std::string& reporter, int age, DmarcOutcome outcome = DmarcOutcome::Both) {
  return {.day = kToday - days(age),
          .policy_domain = Name::literal("example.com"),
          .header_from = Name::literal("example.com"),
          .reporter = reporter,
          .source = "mta",
          .outcome = outcome,
          .messages = 10};
}

/// "large large.example known", in order; the rows must outlive nothing.
std::vector<std::string> counting(std::vector<EvidenceRow> rows, const HeardReporters& heard = {}) {
  std::ranges::sort(rows, {}, &EvidenceRow::day);
  EvidenceRows all;
  for (const EvidenceRow& one : rows) all.push_back(&one);
  std::vector<std::string> lines;
  for (const auto& [reporter, one] : counting_reporters(reporting(), {all, heard}, kToday)) {
    lines.push_back(fmt::format("{} {} {}", one.group, reporter, one.known ? "known" : "unknown"));
  }
  return lines;
}

TEST_CASE("an unknown reporter counts after thirty days, beside a known one") {
  using Lines = std::vector<std::string>;
  CHECK(counting({row("evil.example", 29), row("large.example", 3)}) ==
        Lines{"large large.example known"});
  CHECK(counting({row("evil.example", 30), row("large.example", 3)}) ==
        Lines{"evil.example evil.example unknown", "large large.example known"});
  CHECK(counting({row("evil.example", 90), row("worse.example", 90)}).empty());
  CHECK(counting({row("bad.example", 90), row("a.bad.example", 90), row("large.example", 1)}) ==
        Lines{"large large.example known"});
  // Two names of one organization are one group.
  CHECK(counting({row("large.example", 1), row("a.rua.example", 1)}) ==
        Lines{"large a.rua.example known", "large large.example known"});
}

// Yahoo signs its customers' mail as yahoo.com, and its reports as dmarc.yahoo.com.
TEST_CASE("a mailbox at a known reporter's organization is no second reporter") {
  using Lines = std::vector<std::string>;
  const Lines known_alone = {"large large.example known"};
  CHECK(counting({row("mailbox.large.example", 90), row("large.example", 3)}) == known_alone);
  CHECK(counting({row("rua.example", 90), row("a.rua.example", 3)}) ==
        Lines{"large a.rua.example known"});
  CHECK(counting({row("mail.partner.example", 90), row("partner.example", 3)}) ==
        Lines{"partner.example partner.example known"});
  // Beside another organization, it has a voice of its own.
  CHECK(counting({row("mailbox.large.example", 90), row("other.example", 3)}) ==
        Lines{"large.example mailbox.large.example unknown", "other other.example known"});
}

TEST_CASE("an unknown reporter's month begins when its first report arrived") {
  using Lines = std::vector<std::string>;
  const Lines known_alone = {"large large.example known"};
  const Lines both = {"evil.example evil.example unknown", "large large.example known"};
  const auto heard = [](int age) { return HeardReporters{{"evil.example", kToday - days(age)}}; };
  const std::vector<EvidenceRow> backdated = {row("evil.example", 90), row("large.example", 3)};
  CHECK(counting(backdated, heard(0)) == known_alone);
  CHECK(counting(backdated, heard(29)) == known_alone);
  CHECK(counting(backdated, heard(30)) == both);
  // One that was heard long ago, and whose reports cover a few days only.
  CHECK(counting({row("evil.example", 29), row("large.example", 3)}, heard(300)) == known_alone);
  // A known reporter counts from its first report on.
  CHECK(counting(backdated, {{"large.example", kToday}, {"evil.example", kToday}}) == known_alone);
  // Evidence of older versions has no such days.
  CHECK(counting(backdated, {}) == both);
}

}  // namespace
}  // namespace rampart
