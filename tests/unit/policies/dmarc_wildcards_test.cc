/// What wildcards mean to DMARC: consents to reports, names that exist, records that answer.
#include <catch2/catch.hpp>

#include "policies/dmarc/dmarc.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

constexpr RecordType kTxt = RecordType::TXT;

TEST_CASE("a wildcard consents only where it answers, everywhere, with a consent") {
  Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  domain.dmarc.rua = {"mailto:d@reports.example.net"};
  const std::string name = "example.com._report._dmarc.reports.example.net";
  const std::string wildcard = "*._report._dmarc.reports.example.net";
  const auto desires = [&](const World& world) {
    return dmarc_policy(domain, world).desired_records.size() == 2;
  };
  World world = world_with({zone_with("example.net", {{wildcard, kTxt, "v=DMARC1"}})});
  CHECK_FALSE(desires(world));
  // RFC 4592 section 3.3.1: com._report._dmarc exists, so that the wildcard above it does not
  // answer below it.
  const std::string other = "other.com._report._dmarc.reports.example.net";
  world.zones[0] =
      zone_with("example.net", {{wildcard, kTxt, "v=DMARC1"}, {other, kTxt, "v=DMARC1"}});
  CHECK(desires(world));
  world.zones[0] = zone_with("example.net", {{wildcard, kTxt, "v=DMARC1"}, {name, kTxt, "x"}});
  CHECK(desires(world));
  world.zones[0] = zone_with("example.net", {{wildcard, kTxt, "v=spf1 -all"}});
  CHECK(desires(world));
  // At one of two providers.
  domain.providers = {"files", "mirror"};
  world.zones = {zone_with("example.net", {{wildcard, kTxt, "v=DMARC1"}}),
                 zone_with("example.net", {})};
  world.zones[1].provider = "mirror";
  CHECK(desires(world));
  world.zones[1] = world.zones[0];
  world.zones[1].provider = "mirror";
  CHECK_FALSE(desires(world));
  // Where the zone shows no values, or not all names, an answer decides.
  domain.providers = {"files"};
  world.zones = {zone_with("example.net", {{wildcard, kTxt, "v=DMARC1"}})};
  world.zones[0].complete = false;
  world.answers[{Name::literal("reports.example.net"), RecordType::MX}] = {
      .status = AnswerStatus::Data, .values = {"0 mx.example.net"}};
  CHECK(dmarc_policy(domain, world).unknown == std::vector<Question>{{Name::literal(name), kTxt}});
  answer(world, name, {"v=DMARC1"});
  CHECK_FALSE(desires(world));
  answer(world, name, {});
  CHECK(desires(world));
  world.answers.at({Name::literal(name), kTxt}).status = AnswerStatus::Failed;
  CHECK_FALSE(desires(world));
  CHECK(codes_of(dmarc_policy(domain, world).findings) == Lines{"I report-unauthorized"});
}

TEST_CASE("a name that a wildcard answers for exists, and may have the wildcard's record") {
  const Domain shop = domain_at("shop.example.com", {Phase::Monitor, 100});
  const auto codes = [&](const std::vector<Row>& rows) {
    World world = world_with({zone_with("example.com", rows)});
    answer(world, "_dmarc.com", {});
    return codes_of(dmarc_policy(shop, world).findings);
  };
  const Row tags = {"_dmarc.example.com", kTxt, "v=DMARC1; p=reject; sp=none; np=reject"};
  const Row wildcard = {"*.example.com", RecordType::MX, "10 mx.example.net"};
  CHECK(codes({tags}) == Lines{"E weakens-inherited-policy"});
  CHECK(codes({tags, wildcard}).empty());
  // A wildcard elsewhere, or one that a name between hides.
  CHECK_FALSE(codes({tags, {"*.b.example.com", RecordType::MX, "10 mx.example.net"}}).empty());
  const Domain deep = domain_at("a.shop.example.com", {Phase::Monitor, 100});
  World hidden = world_with({zone_with(
      "example.com", {tags, wildcard, {"b.shop.example.com", RecordType::A, "192.0.2.1"}})});
  answer(hidden, "_dmarc.com", {});
  CHECK(codes_of(dmarc_policy(deep, hidden).findings) == Lines{"E weakens-inherited-policy"});
  hidden.zones[0] = zone_with("example.com", {tags, wildcard});
  CHECK(dmarc_policy(deep, hidden).findings.empty());
  // A TXT wildcard answers at _dmarc.shop too: receivers take its record for the name's own.
  const Row none = {"_dmarc.example.com", kTxt, "v=DMARC1; p=none"};
  CHECK(codes({none}).empty());
  CHECK(codes({none, {"*.example.com", kTxt, "v=spf1 -all"}}).empty());
  CHECK(codes({none, {"*.example.com", kTxt, "v=DMARC1; p=reject"}}) ==
        Lines{"E weakens-inherited-policy"});
  // What a CNAME wildcard answers, only a resolver knows.
  World alias = world_with(
      {zone_with("example.com", {none, {"*.example.com", RecordType::CNAME, "w.example.net"}})});
  answer(alias, "_dmarc.com", {});
  CHECK(codes_of(dmarc_policy(shop, alias).findings) == Lines{"E unobservable"});
  answer(alias, "_dmarc.shop.example.com", {"v=DMARC1; p=reject"});
  CHECK(codes_of(dmarc_policy(shop, alias).findings) == Lines{"E weakens-inherited-policy"});
}

TEST_CASE("the record that would be weakened is named, by whichever method finds it") {
  // The list's organization of a.b.example.com is example.com, whose record is strict; the walk
  // stops at b.example.com, by psd=n.
  World world = world_with(
      {zone_with("example.com", {{"_dmarc.example.com", kTxt, "v=DMARC1; p=reject"},
                                 {"_dmarc.b.example.com", kTxt, "v=DMARC1; p=none; psd=n"}})});
  answer(world, "_dmarc.com", {});
  const PolicyResult found =
      dmarc_policy(domain_at("a.b.example.com", {Phase::Monitor, 100}), world);
  REQUIRE(codes_of(found.findings) == Lines{"E weakens-inherited-policy"});
  CHECK(found.findings[0].message.starts_with(
      "a.b.example.com inherits a stricter policy from example.com: "));
}

}  // namespace
}  // namespace rampart
