// Waivers: which errors they turn into warnings, and until when.
#include <catch2/catch.hpp>

#include "reconciler/plan/make_plan.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using testing::codes_of;
using testing::domain_at;
using testing::world_with;
using testing::zone_with;

constexpr const char* kNone = "v=DMARC1; p=none; rua=mailto:dmarc@example.com";

// The plan of 2026-11-21 for example.com at reject, while DNS has p=none, under one waiver.
Plan plan_with(LiveZone zone, const std::string& code, const char* until) {
  Config config;
  Domain domain = domain_at("example.com", {Phase::Reject, 100});
  domain.waivers = {
      {.code = code, .reason = "a test", .until = parse_date(until).value(), .mark = {}}};
  config.domains.emplace(domain.name, domain);
  World world = world_with({std::move(zone)});
  world.now = Time(parse_date("2026-11-21").value());
  return make_plan(config, world);
}

// The severity of the finding with this code, and whether the record is changed.
std::string outcome(const Plan& plan, const std::string& code) {
  std::string found = "none";
  for (const Finding& finding : plan.findings) {
    if (finding.code == code) found = std::string(to_text(finding.severity));
  }
  return found + (plan.changes.empty() ? ", withheld" : ", changed");
}

}  // namespace

TEST_CASE("a waiver turns its own error into a warning, to its last day") {
  const auto live = [] {
    return zone_with("example.com", {{"_dmarc.example.com", RecordType::TXT, kNone}});
  };
  CHECK(outcome(plan_with(live(), "ramp-jump", "2026-12-31"), "ramp-jump") == "warning, changed");
  CHECK(outcome(plan_with(live(), "ramp-jump", "2026-11-21"), "ramp-jump") == "warning, changed");
  CHECK(outcome(plan_with(live(), "ramp-jump", "2026-11-20"), "ramp-jump") == "error, withheld");
  CHECK(outcome(plan_with(live(), "spf-lookups", "2026-12-31"), "ramp-jump") == "error, withheld");
}

TEST_CASE("an error that is not waivable stays an error") {
  LiveZone unread = zone_with("example.com", {});
  unread.error = "192.0.2.53:53: timeout";
  unread.complete = false;
  CHECK(outcome(plan_with(unread, "unobservable", "2026-12-31"), "unobservable") ==
        "error, withheld");
}

}  // namespace rampart
