/// Flattening as the SPF policy result wants it: from the lock, fragments first, old ones last.
#include <catch2/catch.hpp>

#include "policies/spf/fragments.h"
#include "policies/spf/record.h"
#include "policies/spf/spf.h"
#include "tests/support/spf_zone.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {
namespace {

using Texts = std::vector<std::string>;

Domain flat_domain() {
  Domain domain = spf_domain({using_sender("office"), using_sender("suite")});
  domain.spf->flatten = Flatten::Always;
  return domain;
}

SpfLock suite_lock(int count) {
  LockedTerm term{.resolved = kToday, .lookups = 4};
  for (int i = 0; i < count; ++i) {
    term.networks.push_back("10." + std::to_string(i / 100) + "." + std::to_string(i % 100) +
                            ".1/32");
  }
  return {{{"include:_spf.suite.example", term}}};
}

World world_of(const Texts& apex, const std::optional<SpfLock>& lock) {
  World world = world_with(apex);
  if (lock) world.spf_locks[Name::literal("example.com")] = *lock;
  return world;
}

/// "name turn value" for each want.
Texts desired_records_of(const PolicyResult& policy_result) {
  Texts texts;
  for (const DesiredRecord& desired : policy_result.desired_records) {
    texts.push_back(desired.key.name.text() + " " + std::string(to_text(desired.stage)) + " " +
                    (desired.value ? desired.value->text() : "absent"));
  }
  return texts;
}

/// Writes the wants into the world's zone.
void apply(const PolicyResult& policy_result, World& world) {
  auto& sets = world.zones.front().sets;
  for (const DesiredRecord& desired : policy_result.desired_records) {
    sets.erase(desired.key);
    if (desired.value) sets[desired.key] = {LiveState::Present, {.values = {*desired.value}}, ""};
  }
}

TEST_CASE("a small lock flattens into the record itself") {
  const PolicyResult policy_result = spf_policy(flat_domain(), world_of({}, suite_lock(3)));
  CHECK(desired_records_of(policy_result) ==
        Texts{"example.com authorize v=spf1 ip4:192.0.2.0/28 ip4:10.0.0.1 ip4:10.0.1.1 "
              "ip4:10.0.2.1 ~all"});
}

TEST_CASE("without a lock the term stays, and the finding says what to run") {
  const PolicyResult policy_result = spf_policy(flat_domain(), world_of({}, std::nullopt));
  CHECK(desired_records_of(policy_result) ==
        Texts{"example.com authorize v=spf1 ip4:192.0.2.0/28 include:_spf.suite.example ~all"});
  REQUIRE(policy_result.findings.size() == 1);
  CHECK(policy_result.findings[0].code == "spf-lock-missing");
  World broken = world_of({}, std::nullopt);
  broken.spf_lock_problem = "it is cut off";
  const PolicyResult withheld = spf_policy(flat_domain(), broken);
  CHECK(withheld.findings.at(0).code == "spf-lock-invalid");
  CHECK(withheld.findings.at(0).severity == Severity::Error);
}

TEST_CASE("a term that decides for each message is no reason to refresh the lock") {
  World world = world_of({}, std::nullopt);
  world.answers[{Name::literal("_spf.suite.example"), RecordType::TXT}] = {
      .status = AnswerStatus::Data, .values = {"v=spf1 exists:%{i}.suite.example ~all"}};
  const auto found = spf_policy(flat_domain(), world).findings;
  REQUIRE(found.size() == 1);
  CHECK(found[0].code == "spf-lock-missing");
  CHECK(found[0].severity == Severity::Info);
  CHECK(found[0].hint.find("--write") == std::string::npos);
}

TEST_CASE("fragments come before the record that names them, and go after it") {
  World world =
      world_of({"v=spf1 ip4:192.0.2.0/28 include:_spf.suite.example ~all"}, suite_lock(60));
  PolicyResult policy_result = spf_policy(flat_domain(), world);
  REQUIRE(policy_result.desired_records.size() == 3);
  CHECK(policy_result.desired_records[0].key.name == Name::literal("_spf1.example.com"));
  for (int i = 0; i < 2; ++i)
    CHECK(policy_result.desired_records.at(static_cast<std::size_t>(i)).stage == Stage::Publish);
  CHECK(policy_result.desired_records[2].stage == Stage::Authorize);
  apply(policy_result, world);
  const Texts settled = desired_records_of(spf_policy(flat_domain(), world));
  CHECK(settled.size() == 3);

  world.spf_locks.begin()->second = suite_lock(3);
  policy_result = spf_policy(flat_domain(), world);
  CHECK(policy_result.desired_records.size() == 1);
  CHECK(policy_result.desired_records[0].stage == Stage::Retire);
  CHECK(policy_result.holds.size() == 2);
  CHECK(policy_result.holds.at(0).code == "spf-fragment-in-use");
  apply(policy_result, world);
  policy_result = spf_policy(flat_domain(), world);
  CHECK(policy_result.holds.empty());
  CHECK(policy_result.desired_records.size() == 3);
  CHECK(desired_records_of(policy_result)[0] == "_spf1.example.com retire absent");
  apply(policy_result, world);
  CHECK(spf_policy(flat_domain(), world).desired_records.size() == 1);
}

World two_providers(const Texts& first, const Texts& second, const SpfLock& lock) {
  World world = world_of(first, lock);
  world.zones.push_back(world_with(second).zones[0]);
  world.zones[1].provider = "mirror";
  return world;
}

void publish(LiveZone& zone, const char* name, const std::string& value) {
  const RecordKey key{Name::literal(name), RecordType::TXT};
  zone.sets[key] = {LiveState::Present, parse_set(key, {.values = {value}}), ""};
}

Stage stage_at(const PolicyResult& policy_result, const char* name) {
  for (const DesiredRecord& desired : policy_result.desired_records) {
    if (desired.key.name == Name::literal(name)) return desired.stage;
  }
  FAIL(name);
  return Stage::Retire;
}

TEST_CASE("a fragment that one of two providers lacks comes before the record there") {
  World settled = world_of({}, suite_lock(60));
  apply(spf_policy(flat_domain(), settled), settled);
  Domain domain = flat_domain();
  domain.providers = {"files", "mirror"};
  // The vendor drops an address: the first provider's fragment only loses by the change.
  World world = two_providers({}, {}, suite_lock(59));
  world.zones[0].sets = settled.zones[0].sets;
  const PolicyResult policy_result = spf_policy(domain, world);
  CHECK(stage_at(policy_result, "_spf1.example.com") == Stage::Publish);
  CHECK(stage_at(policy_result, "_spf2.example.com") == Stage::Publish);
  CHECK(stage_at(policy_result, "example.com") == Stage::Authorize);
}

TEST_CASE("a fragment stays while the record at any provider includes it") {
  Domain domain = flat_domain();
  domain.providers = {"files", "mirror"};
  World world = two_providers({"v=spf1 ip4:192.0.2.0/28 ip4:10.0.0.1 ~all"},
                              {"v=spf1 include:_spf1.example.com ~all"}, suite_lock(1));
  for (LiveZone& zone : world.zones) publish(zone, "_spf1.example.com", "v=spf1 ip4:10.0.0.1 ~all");
  const PolicyResult policy_result = spf_policy(domain, world);
  CHECK(policy_result.desired_records.size() == 1);
  REQUIRE(policy_result.holds.size() == 1);
  CHECK(policy_result.holds[0].code == "spf-fragment-in-use");
}

TEST_CASE("a record at a fragment's name that another record includes is left alone") {
  Domain domain = flat_domain();
  domain.spf->extra = {"include:_spf.example.com"};
  domain.spf->flatten = Flatten::Auto;
  World world = world_of({"v=spf1 include:_spf.example.com ~all"}, suite_lock(1));
  publish(world.zones[0], "_spf1.example.com", "v=spf1 ip4:203.0.113.1 ~all");
  const auto removed = [&] {
    const Texts texts = desired_records_of(spf_policy(domain, world));
    return std::ranges::find(texts, "_spf1.example.com retire absent") != texts.end();
  };
  CHECK_FALSE(removed());  // What _spf.example.com includes is not known yet.
  const auto answer = [&](const char* name, const std::string& value) {
    world.answers[{Name::literal(name), RecordType::TXT}] = {.status = AnswerStatus::Data,
                                                             .values = {value}};
  };
  answer("_spf.suite.example", "v=spf1 ip4:10.0.0.1 ~all");
  answer("_spf.example.com", "v=spf1 include:_spf1.example.com ~all");
  answer("_spf1.example.com", "v=spf1 ip4:203.0.113.1 ~all");
  CHECK_FALSE(removed());
  answer("_spf.example.com", "v=spf1 ip4:203.0.113.1 ~all");
  CHECK(removed());
}

TEST_CASE("a second evaluation of what was written is the same") {
  World world = world_of({}, suite_lock(60));
  const PolicyResult first = spf_policy(flat_domain(), world);
  apply(first, world);
  const PolicyResult second = spf_policy(flat_domain(), world);
  for (std::size_t i = 0; i < first.desired_records.size(); ++i) {
    CHECK(second.desired_records.at(i).value == first.desired_records[i].value);
  }
}

TEST_CASE("fragments are read from the zone, never asked for") {
  World world = world_of({}, suite_lock(60));
  apply(spf_policy(flat_domain(), world), world);
  for (const Question& question : spf_policy(flat_domain(), world).unknown) {
    CHECK(fragment_number(Name::literal("example.com"), question.name) == 0);
  }
}

TEST_CASE("a vendor that moved ahead of the lock is reported") {
  World world = world_of({}, suite_lock(1));
  spf::TestZone zone("_spf.suite.example TXT v=spf1 ip4:10.0.0.1 ip4:10.7.0.0/24 ~all\n");
  zone.resolve(spf_policy(flat_domain(), world).unknown, world.answers);
  const PolicyResult policy_result = spf_policy(flat_domain(), world);
  REQUIRE(policy_result.findings.size() == 1);
  CHECK(policy_result.findings[0].code == "spf-lock-behind");
  CHECK(policy_result.findings[0].message.find("10.7.0.0/24") != std::string::npos);
}

}  // namespace
}  // namespace rampart
