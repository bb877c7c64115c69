/// plan.json and world.json: shape, order, digest, round trips and refusals.
#include "reconciler/documents/plan_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/places.h"

namespace rampart {
namespace {

using std::chrono::seconds;

TypedSet txt(std::set<std::string> values, int ttl = 3600) {
  return {RecordType::TXT, {seconds(ttl), std::move(values)}};
}

Change change(const char* name, std::optional<TypedSet> before, std::optional<TypedSet> after) {
  return {Name::literal("example.com"),
          Name::literal("example.com"),
          "cf",
          parse_change({Name::literal(name), std::move(before), std::move(after)}),
          Stage::Enforce,
          {"the ramp's step is due"}};
}

/// The contract's own example, and what it leaves out.
Plan example() {
  Plan plan;
  plan.made_at = *parse_time("2026-11-21T00:00:00Z");
  plan.config_digest = "sha256:00";
  plan.changes = {
      change("_dmarc.example.com", txt({"v=DMARC1; p=none"}),
             txt({"v=DMARC1; p=quarantine; t=y; pct=10"})),
      change("s1._domainkey.example.com",
             TypedSet{RecordType::CNAME, {seconds(300), {"s1.example.net"}}}, txt({"v=DKIM1; p="})),
      change("s2._domainkey.example.com", std::nullopt, txt({"v=DKIM1; p="}))};
  plan.withheld = {{change("example.com", txt({"v=spf1 -all"}), std::nullopt), {"spf-removed"}}};
  plan.holds = {{Name::literal("example.org"), "keys-first", "the keys must be seen first"}};
  plan.findings = {{Severity::Error,
                    "spf-removed",
                    Name::literal("example.com"),
                    "The last SPF record would go.",
                    "Keep it.",
                    {"domains.yaml", 12, 9},
                    {{Name::literal("example.com"), RecordType::TXT}}},
                   {Severity::Info, "x-code", Name::literal("example.org"), "m", "", {}, {}}};
  plan.authority = {{Name::literal("example.com"),
                     {Permission::parse("ip4:192.0.2.0/28")},
                     {Permission::parse("key sha256:ab")}}};
  plan.policy_edits = {{{"domains.yaml", 40, 3}, "waiver added: spf-lookups until 2027-01-31"}};
  Impact impact{.domain = Name::literal("example.com"), .window_days = 14};
  impact.from = *parse_date("2026-11-04");
  impact.messages = 5'000'000'000;
  impact.pass_before = impact.pass_after = 4'999'999'990;
  impact.rejected = impact.worst_rejected = 10;
  impact.receiver = dmarc::Receiver::HonoursTesting;
  impact.by_source = {{"ip:192.0.2.1", true, 10, 0, 0, 0, 10, 10}};
  impact.notes = {"withheld changes are counted as if they were written"};
  plan.impact = {impact};
  plan.impact_unknown = {{Name::literal("example.org"), "there is no evidence"}};
  plan.receivers = {{Name::literal("example.com"),
                     {{dmarc::Receiver::HonoursTesting, "none", "100% quarantine",
                       "newly 100% quarantine (was none)", true}},
                     "its BIMI logo may be shown from now on"}};
  plan.domains = {Name::literal("example.com"), Name::literal("example.net"),
                  Name::literal("example.org")};
  return plan;
}

/// Where `part` is in `text`; fails where it does not.
std::size_t place(const std::string& text, const std::string& part) {
  INFO(part << " in " << text);
  REQUIRE(text.find(part) != text.npos);
  return text.find(part);
}

void check_refused(std::string text, const std::string& expected) {
  const Result<Plan> plan = plan_from_json(text);
  INFO(text);
  REQUIRE_FALSE(plan.ok());
  CHECK(sentence(plan.error()).find(expected) != std::string::npos);
  CAPTURE(sentence(plan.error()), expected);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(place(text, from), from.size(), to);
}

}  // namespace

TEST_CASE("a plan survives its document") {
  const Plan plan = example();
  const Result<Plan> again = plan_from_json(plan_to_json(plan));
  REQUIRE(again.ok());
  CHECK(*again == plan);
  CHECK(plan_to_json(*again) == plan_to_json(plan));
  CHECK(plan_to_json(plan).ends_with("}\n"));
}

TEST_CASE("an empty plan survives its document") {
  const Result<Plan> again = plan_from_json(plan_to_json(Plan{}));
  REQUIRE(again.ok());
  CHECK(*again == Plan{});
}

TEST_CASE("the keys of the contract are in its order") {
  const std::string text = plan_to_json(example());
  std::size_t last = 0;
  for (const char* key :
       {"\"format_version\": 1", "\"made_at\": \"2026-11-21T00:00:00Z\"", "\"config_digest\"",
        "\"digest\"", "\"summary\"", "\n  \"changes\"", "\n  \"holds\"", "\n  \"findings\"",
        "\n  \"authority\"", "\n  \"policy_edits\"", "\n  \"impact\": ["}) {
    CHECK(place(text, key) > last);
    last = place(text, key);
  }
  place(text,
        "\"domain\": \"example.com\",\n      \"zone\": \"example.com\",\n      \"provider\": "
        "\"cf\",\n      \"name\": \"_dmarc.example.com\",\n      \"type\": \"TXT\",\n      "
        "\"action\": \"update\",\n      \"turn\": \"enforce\",\n      \"reasons\": [");
  place(text, "\"before\": null,");
  place(text, "\"before_type\": \"CNAME\"");
}

TEST_CASE("the summary counts") {
  const PlanSummary summary = summarize(example());
  CHECK(summary.create == 1);
  CHECK(summary.update == 2);
  CHECK(summary.remove == 0);
  CHECK(summary.held == 1);
  CHECK(summary.blocked == 1);
  CHECK(summary.domains == 3);
  CHECK(summary.unchanged == 2);
}

TEST_CASE("equal plans are equal bytes, whatever their order") {
  Plan shuffled = example();
  std::ranges::reverse(shuffled.changes);
  std::ranges::reverse(shuffled.findings);
  CHECK(plan_to_json(shuffled) == plan_to_json(example()));
}

TEST_CASE("the digest is of the changes alone") {
  Plan later = example();
  later.made_at += seconds(1);
  later.holds.clear();
  CHECK(plan_digest(later) == plan_digest(example()));
  later.changes[0].set.after->set.ttl = seconds(1);
  CHECK(plan_digest(later) != plan_digest(example()));
  // SHA-256 of "[]".
  CHECK(plan_digest(Plan{}) ==
        "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
}

TEST_CASE("a plan written by another program is read, its digest included") {
  for (const char* name : {"plan.json", "empty_plan.json"}) {
    std::ifstream file(source_dir() + "/tests/fuzz/corpus/plan_file/" + name);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    INFO(name);
    CHECK(plan_from_json(text).ok());
  }
}

TEST_CASE("octets that are no UTF-8 survive") {
  Plan plan = example();
  const std::set<std::string> values = {std::string("a\0b", 3), "caf\xC3\xA9", "\xFF\xFE",
                                        "\xED\xA0\x80",         "\xC0\x80",    "\"\\\n"};
  plan.changes[2].set.after =
      parse_change({plan.changes[2].name(), std::nullopt, txt(values)}).after;
  const Result<Plan> again = plan_from_json(plan_to_json(plan));
  REQUIRE(again.ok());
  CHECK(*again == plan);
  place(plan_to_json(plan), "\"values_base64\"");
}

TEST_CASE("what is no plan is refused, and said so") {
  const std::string good = plan_to_json(example());
  check_refused("", "the plan is not JSON: line 1, column 1");
  check_refused("{\n  nonsense", "line 2, column");
  check_refused("[]", "an object is expected");
  check_refused("{}", "\"format_version\" is missing");
  check_refused(replaced(good, "\"format_version\": 1", "\"format_version\": 2"),
                "format_version 2; this rampart reads 1");
  check_refused(replaced(good, "pct=10", "pct=90"), "do not match its digest");
  check_refused(replaced(good, "\"ttl\": 3600", "\"ttl\": \"x\""),
                "changes[0].before.ttl: a whole number is expected");
  check_refused(replaced(good, "\"ttl\": 3600", "\"ttl\": -1"), "a TTL is never negative");
  check_refused(replaced(good, "\"ttl\": 3600", "\"ttl\": 1e99"), "a whole number is expected");
  check_refused(replaced(good, "\"ttl\": 3600", "\"ttl\": 1e999"), "a number that no computer");
  check_refused(replaced(good, "\"ttl\": 3600", "\"ttl\": " + std::string(40, '[')),
                "nested deeper than 32");
  check_refused(replaced(good, "\"turn\": \"enforce\"", "\"turn\": \"later\""),
                "changes[0].turn: \"later\" is unknown here");
  check_refused(replaced(good, "\"action\": \"update\"", "\"action\": \"create\""),
                "changes[0].action: it contradicts");
  check_refused(replaced(good, "\"name\": \"_dmarc.example.com\"", "\"name\": \"a..b\""),
                "changes[0].name: a DNS name is expected");
  check_refused(replaced(good, "\"type\": \"TXT\"", "\"type\": \"TEXT\""),
                "changes[0].type: a DNS record type is expected");
  check_refused(replaced(good, "\"severity\": \"error\"", "\"severity\": 3"),
                "findings[0].severity: a string is expected");
}

TEST_CASE("a world survives its document") {
  World world;
  world.now = *parse_time("2026-11-21T00:00:00Z");
  world.frozen = true;
  world.normalize = true;
  world.unmanaged_zones = {Name::literal("example.net")};
  const RecordKey apex{Name::literal("example.com"), RecordType::TXT};
  const RecordKey dmarc{Name::literal("_dmarc.example.com"), RecordType::TXT};
  LiveZone zone{.apex = apex.name,
                .provider = "cf",
                .from_provider = true,
                .complete = true,
                .sets = {},
                .wildcards = {},
                .error = "",
                .limits = {.max_txt_octets = 2048}};
  zone.sets[apex] = {LiveState::Present, parse_set(apex, {seconds(60), {"v=spf1 -all", "\xFF"}}),
                     ""};
  zone.sets[dmarc] = {LiveState::Disagree, parse_set(dmarc, {seconds(5), {"v=DMARC1; p=none"}}),
                      "ns1 and ns2"};
  zone.wildcards = {{Name::literal("*.example.com"), RecordType::MX}};
  zone.notices = {{.topic = ZoneNotice::Topic::Serial, .message = "why", .hint = "what to do"},
                  {.topic = ZoneNotice::Topic::Record,
                   .blocks = true,
                   .message = "why",
                   .hint = "",
                   .written = dmarc},
                  {.topic = ZoneNotice::Topic::Locked, .written = apex, .value = "\xFF"}};
  world.zones = {zone,
                 {.apex = Name::literal("example.org"),
                  .provider = "bind",
                  .from_provider = false,
                  .complete = false,
                  .sets = {},
                  .wildcards = {},
                  .error = "refused",
                  .limits = {}}};
  world.zone_missing[Name::literal("co.uk")] = {"a public suffix", "none"};
  world.answers[apex] = {AnswerStatus::Data,
                         {"b", "a", "a", "\xFF"},
                         seconds(9),
                         {Name::literal("target.example.net")},
                         ""};
  world.answers[dmarc] = {AnswerStatus::Failed, {}, seconds(0), {}, "127.0.0.1:53: SERVFAIL"};
  world.keys["keys/a.pub"] = {"v=DKIM1; p=AA==", ""};
  world.keys["keys/b.pub"] = {"", "not found"};

  const Result<World> again = world_from_json(world_to_json(world));
  REQUIRE(again.ok());
  CHECK(again->now == world.now);
  CHECK(again->frozen);
  CHECK(again->normalize);
  CHECK(again->unmanaged_zones == world.unmanaged_zones);
  REQUIRE(again->zones.size() == 2);
  CHECK(again->zones[0].sets == zone.sets);
  CHECK(again->zones[0].wildcards == zone.wildcards);
  CHECK(again->zones[0].limits.max_txt_octets == 2048);
  CHECK(again->zones[0].complete);
  CHECK(again->zones[0].from_provider);
  CHECK(again->zones[1].error == "refused");
  CHECK_FALSE(again->zones[1].limits.max_txt_octets.has_value());
  CHECK(again->zone_missing == world.zone_missing);
  CHECK(again->answers == world.answers);
  CHECK(again->keys == world.keys);
  CHECK(world_to_json(*again) == world_to_json(world));
}

TEST_CASE("what is no world is refused") {
  const std::string good = world_to_json(World{});
  CHECK_FALSE(world_from_json("{}").ok());
  CHECK_FALSE(world_from_json(plan_to_json(Plan{})).ok());
  CHECK_FALSE(world_from_json(replaced(good, "\"frozen\": false", "\"frozen\": 0")).ok());
  const auto newer =
      world_from_json(replaced(good, "\"world_version\": 1", "\"world_version\": 7"));
  REQUIRE_FALSE(newer.ok());
  CHECK(newer.error().what == "this world has world_version 7; this rampart reads 1");
}

}  // namespace rampart
