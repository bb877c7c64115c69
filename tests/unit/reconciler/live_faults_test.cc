/// The faults of live records in a plan: each once, as a warning at most.
#include "reconciler/plan/live_faults.h"

#include <catch2/catch.hpp>

#include "reconciler/plan/stray_records.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

const std::string kTestKey =
    "v=DKIM1; k=ed25519; t=s:; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

World faulty_world() {
  return world_with(
      {zone_with("example.com", {{"example.com", RecordType::TXT, "v=spf1 +all"},
                                 {"s1._domainkey.example.com", RecordType::TXT, kTestKey},
                                 {"s2._domainkey.example.com", RecordType::TXT, kTestKey},
                                 {"s3._domainkey.other.example.com", RecordType::TXT, kTestKey}})});
}

Plan plan_of(const Domain& domain, std::vector<Finding> known = {}) {
  Config config;
  config.domains.emplace(domain.name, domain);
  Plan plan;
  plan.findings = std::move(known);
  report_live_faults(config, faulty_world(), plan);
  return plan;
}

Domain example() { return domain_at("example.com", {Phase::Monitor, 100}); }

}  // namespace

// The third selector is of a domain that the YAML does not list.
TEST_CASE("faults that exist already are warnings, also where an audit has an error") {
  const Plan plan = plan_of(example());
  CHECK(codes_of(plan.findings) == Lines{"W spf-all", "W dkim-key-syntax", "W dkim-key-syntax"});
  for (const Finding& finding : plan.findings) CHECK(finding.withholds.empty());
}

TEST_CASE("what is reported already is left out, each selector by itself") {
  const Finding spf{.severity = Severity::Error,
                    .code = "spf-all",
                    .domain = Name::literal("example.com"),
                    .message = "reported"};
  Finding key = spf;
  key.code = "dkim-key-syntax";
  key.message = "the key of s1._domainkey.example.com";
  const Plan plan = plan_of(example(), {spf, key});
  REQUIRE(plan.findings.size() == 3);
  CHECK_THAT(plan.findings.back().message, Catch::Contains("s2._domainkey.example.com"));
}

TEST_CASE("a record that another tool keeps has infos, and what is removed has none") {
  Domain kept = example();
  kept.spf = SpfSpec{.upkeep = Upkeep::Unmanaged};
  kept.dkim = Upkeep::Unmanaged;
  CHECK(codes_of(plan_of(kept).findings) ==
        Lines{"I spf-all", "I dkim-key-syntax", "I dkim-key-syntax"});
  Domain absent = example();
  absent.state = DomainState::Absent;
  CHECK(plan_of(absent).findings.empty());
  Domain elsewhere = example();
  elsewhere.providers = {"another"};
  CHECK(plan_of(elsewhere).findings.empty());
}

TEST_CASE("a fault that the plan repairs says so") {
  Config config;
  config.domains.emplace(Name::literal("example.com"), example());
  Plan plan;
  const RecordKey key{Name::literal("example.com"), RecordType::TXT};
  const RecordSet after{std::chrono::seconds(300), {"v=spf1 -all"}};
  plan.changes.push_back({.domain = key.name,
                          .zone = key.name,
                          .provider = "files",
                          .set = parse_change({key.name, std::nullopt, TypedSet{key.type, after}}),
                          .stage = Stage::Publish,
                          .reasons = {}});
  report_live_faults(config, faulty_world(), plan);
  CHECK(plan.findings.front().hint == "this plan replaces the record");
  CHECK(plan.findings.back().hint != plan.findings.front().hint);
}

// Policies report near misses of a managed domain by codes of their own; a parked domain has one
// policy for all its records.
TEST_CASE("a near miss is reported once, by the policy or as a stray record") {
  const World world = world_with(
      {zone_with("example.com", {{"example.com", RecordType::TXT, "v=spf10 -all"},
                                 {"_dmarc.example.com", RecordType::TXT, "v=dmarc1; p=none"},
                                 {"s1._domainkey.example.com", RecordType::TXT, "v=dkim1; p="}})});
  const auto strays = [&](DomainState state) {
    Config config;
    Domain domain = example();
    domain.state = state;
    config.domains.emplace(domain.name, domain);
    Plan plan;
    report_stray_records(config, world, plan);
    return codes_of(plan.findings);
  };
  CHECK(strays(DomainState::Managed).empty());
  CHECK(strays(DomainState::Parked) == Lines{"W record-near-miss", "W record-near-miss"});
}

}  // namespace rampart
