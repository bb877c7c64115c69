// Notices of zones: which changes they concern, and what of them is withheld.
#include "reconciler/plan/zone_notices.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

namespace rampart {
namespace {

constexpr int kMany = 3000;

Name numbered(int number) { return Name::literal("n" + std::to_string(number) + ".example.com"); }

/// A change of the SPF value in the numbered set, beside a foreign value.
Change change_at(int number, const char* provider, Stage stage) {
  const RecordKey key{numbered(number), RecordType::TXT};
  const RecordSet before{std::chrono::seconds(300), {"theirs", "v=spf1 -all"}};
  const RecordSet after{std::chrono::seconds(300), {"theirs", "v=spf1 ~all"}};
  return {.domain = Name::literal(number % 2 == 0 ? "even.example.com" : "odd.example.com"),
          .zone = Name::literal("example.com"),
          .provider = provider,
          .set = parse_change({key.name, TypedSet{key.type, before}, TypedSet{key.type, after}}),
          .stage = stage,
          .reasons = {}};
}

ZoneNotice locked_at(int number, std::optional<std::string> value) {
  return {.topic = ZoneNotice::Topic::Locked,
          .blocks = true,
          .message = "locked " + std::to_string(number),
          .hint = "unlock it",
          .written = RecordKey{numbered(number), RecordType::TXT},
          .value = std::move(value)};
}

Config two_domains() {
  Config config;
  for (const char* text : {"even.example.com", "odd.example.com"}) {
    const Name name = Name::literal(text);
    config.domains.emplace(
        name, Domain{.name = name, .providers = {"cf", "files"}, .dmarc = {}, .mark = {}});
  }
  return config;
}

LiveZone zone_of(const char* provider) {
  return {.apex = Name::literal("example.com"),
          .provider = provider,
          .from_provider = true,
          .complete = true,
          .sets = {},
          .wildcards = {},
          .error = {}};
}

TEST_CASE("each of many notices meets the changes of its own set and no other") {
  World world;
  world.zones = {zone_of("files"), zone_of("cf")};
  Plan plan;
  for (int number = 0; number < kMany; ++number) {
    // Of three notices, one concerns a value that the change replaces, one a value that stays, and
    // one a name that nothing changes.
    const int third = number % 3;
    world.zones[1].notices.push_back(
        third == 2 ? locked_at(kMany + number, std::nullopt)
                   : locked_at(number, third == 0 ? "v=spf1 -all" : "theirs"));
    const Stage stage = number % 2 == 0 ? Stage::Publish : Stage::Relax;
    plan.changes.push_back(change_at(number, "cf", stage));
    // Another host of the same zone has no notices.
    plan.changes.push_back(change_at(number, "files", stage));
  }
  report_zone_notices(two_domains(), world, plan);
  REQUIRE(plan.findings.size() == kMany / 3);
  for (int index = 0; index < kMany / 3; ++index) {
    const int number = index * 3;
    const Finding& finding = plan.findings[static_cast<std::size_t>(index)];
    INFO(number);
    CHECK(finding.code == "record-locked");
    CHECK(finding.message == "locked " + std::to_string(number));
    // What loosens is never withheld.
    const bool withheld = number % 2 == 0;
    CHECK((finding.severity == Severity::Error) == withheld);
    CHECK(finding.withholds.size() == (withheld ? 1 : 0));
    if (withheld) CHECK(finding.withholds[0] == RecordKey{numbered(number), RecordType::TXT});
  }
}

TEST_CASE("a notice of the whole zone meets every change, one finding a domain") {
  World world;
  world.zones = {zone_of("cf"), zone_of("files")};
  world.zones[0].notices = {{.topic = ZoneNotice::Topic::Journal,
                             .blocks = true,
                             .message = "a journal",
                             .hint = "remove it"}};
  world.zones[1].notices = {
      {.topic = ZoneNotice::Topic::Serial, .message = "a serial", .hint = ""}};
  Plan plan;
  for (int number = 0; number < kMany; ++number) {
    plan.changes.push_back(change_at(number, "cf", Stage::Publish));
  }
  report_zone_notices(two_domains(), world, plan);
  REQUIRE(plan.findings.size() == 2);
  for (const Finding& finding : plan.findings) {
    CHECK(finding.code == "zone-journal");
    CHECK(finding.withholds.size() == kMany / 2);
  }
}

}  // namespace
}  // namespace rampart
