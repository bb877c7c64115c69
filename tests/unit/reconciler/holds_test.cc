/// Holds: what enforcement waits for.
#include "reconciler/plan/holds.h"

#include <catch2/catch.hpp>

namespace rampart {
namespace {

Change change_at(const char* name, const char* provider, Stage stage) {
  const Name domain = Name::literal("example.com");
  const SetChange set{Name::literal(name), std::nullopt, TypedSet{RecordType::TXT, {}}};
  return {domain, domain, provider, parse_change(set), stage, {}};
}

TEST_CASE("a record that two providers write is one record to wait for") {
  Plan plan;
  for (const char* provider : {"files", "mirror"}) {
    plan.changes.push_back(change_at("s1._domainkey.example.com", provider, Stage::Publish));
    plan.changes.push_back(change_at("_dmarc.example.com", provider, Stage::Enforce));
  }
  const std::string start =
      "_dmarc.example.com TXT is held: it waits for s1._domainkey.example.com TXT";
  const std::string end = ", which must be published first; apply this plan, then plan again";
  Plan one = plan;
  hold_for_keys({}, {}, one);
  REQUIRE(one.holds.size() == 2);
  CHECK(one.holds[0].reason == start + end);
  CHECK(one.changes.size() == 2);
  plan.changes.push_back(change_at("s2._domainkey.example.com", "files", Stage::Publish));
  hold_for_keys({}, {}, plan);
  CHECK(plan.holds.at(0).reason == start + " and 1 more" + end);
}

TEST_CASE("enforcement does not wait for a record that decides about no mail") {
  Plan plan;
  plan.changes = {change_at("_dmarc.example.com", "files", Stage::Enforce),
                  change_at("_smtp._tls.example.com", "files", Stage::Publish)};
  Finding occupied{.severity = Severity::Error, .code = "occupied"};
  occupied.domain = Name::literal("example.com");
  occupied.withholds = {{Name::literal("_mta-sts.example.com"), RecordType::TXT}};
  plan.findings = {occupied};
  hold_for_keys({}, {}, plan);
  CHECK(plan.holds.empty());
  CHECK(plan.changes.size() == 2);
}

}  // namespace
}  // namespace rampart
