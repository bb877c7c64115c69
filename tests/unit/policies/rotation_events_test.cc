// What rotations will do, and what they should have done.
#include "policies/dkim/rotation_events.h"

#include <catch2/catch.hpp>

#include "policies/dkim/past_selectors.h"
#include "tests/support/policy_world.h"
#include "tests/support/rotation.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

// A key record that parses; which key it holds does not matter here.
constexpr const char* kKey = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
constexpr const char* kRevoked = "v=DKIM1; k=ed25519; p=";

Row published(const std::string& selector, const char* record = kKey) {
  return {selector + "._domainkey.example.com", RecordType::TXT, record};
}

Domain rotating(RotationSpec spec) {
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.rotations = {std::move(spec)};
  return domain;
}

World at(const char* now, const std::vector<Row>& rows) {
  World world = world_with({zone_with("example.com", rows)});
  world.now = Time(day(now));
  return world;
}

Lines lines_of(const std::vector<RotationEvent>& events) {
  Lines lines;
  for (const RotationEvent& event : events) {
    lines.push_back(to_text(event.date) + " " + event.what.substr(0, event.what.find(" (")));
    if (event.overdue_days > 0) {
      lines.back() += ", overdue " + std::to_string(event.overdue_days);
    }
  }
  return lines;
}

struct Case {
  const char* name;
  RotationSpec spec;
  const char* now;
  std::vector<Row> rows;
  const char* until;
  Lines wanted;
};

void check(const Case& one) {
  INFO(one.name);
  CHECK(lines_of(rotation_events(rotating(one.spec), at(one.now, one.rows), day(one.until))) ==
        one.wanted);
}

const std::string kProven = " if it is proven by then that nothing signs with it";

}  // namespace

TEST_CASE("the events of a rotation follow from its steps") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260401";
  RotationSpec fresh = running(a.c_str());
  RotationSpec both = office();
  both.algorithm = RotationAlgorithm::Both;
  RotationSpec noted = running(a.c_str(), b);
  noted.published = day("2026-04-02");
  const Case cases[] = {
      {"nothing is due yet", fresh, "2026-01-20", {published(a)}, "2026-03-31", {}},
      {"a whole life",
       fresh,
       "2026-01-20",
       {published(a)},
       "2026-07-08",
       {"2026-04-01 publish office-20260401", "2026-04-08 sign with office-20260401",
        "2026-04-25 revoke office-20260101" + kProven,
        "2026-05-25 remove the record of the revoked key office-20260101",
        "2026-07-01 publish office-20260701", "2026-07-08 sign with office-20260701"}},
      {"the first of a pair",
       both,
       "2026-01-20",
       {},
       "2026-02-01",
       {"2026-01-20 publish office-20260120r and office-20260120e",
        "2026-01-21 sign with office-20260120r and office-20260120e"}},
      {"making is overdue",
       fresh,
       "2026-04-11",
       {published(a)},
       "2026-04-18",
       {"2026-04-01 publish office-20260411, overdue 10", "2026-04-18 sign with office-20260411"}},
      {"publishing is overdue",
       running(a.c_str(), b),
       "2026-04-11",
       {published(a)},
       "2026-04-12",
       {"2026-04-01 publish office-20260401, overdue 10", "2026-04-12 sign with office-20260401"}},
      {"it is live, and nobody noted it",
       running(a.c_str(), b),
       "2026-04-11",
       {published(a), published(b)},
       "2026-04-12",
       {"2026-04-12 sign with office-20260401"}},
      {"signing is overdue",
       noted,
       "2026-04-11",
       {published(a), published(b)},
       "2026-04-20",
       {"2026-04-08 sign with office-20260401, overdue 3"}},
      {"what is overdue is shown though nothing more is due",
       noted,
       "2026-04-11",
       {published(a), published(b)},
       "2026-04-10",
       {"2026-04-08 sign with office-20260401, overdue 3"}},
  };
  for (const Case& one : cases) check(one);
}

TEST_CASE("past keys go as evidence and emergencies let them") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260401";
  RotationSpec past = running(b.c_str());
  past.past = {a};
  RotationSpec results = past;
  results.signing = b;
  results.signing_since = day("2026-04-10");
  RotationSpec revoked = past;
  revoked.revoked = {{a, day("2026-05-01")}};
  RotationSpec lost = running(a.c_str());
  lost.compromised = {a};
  const std::vector<Row> two{published(a), published(b)};
  const Case cases[] = {
      {"no proof yet",
       past,
       "2026-04-20",
       two,
       "2026-05-07",
       {"2026-05-07 revoke office-20260101" + kProven}},
      {"the signer's word",
       results,
       "2026-04-20",
       two,
       "2026-05-24",
       {"2026-04-24 revoke office-20260101 if nothing signs with it by then",
        "2026-05-24 remove the record of the revoked key office-20260101"}},
      {"a revocation that nobody applied",
       results,
       "2026-05-01",
       two,
       "2026-05-30",
       {"2026-04-24 revoke office-20260101 since it is proven that nothing signs with it, overdue "
        "7"}},
      {"revoked",
       revoked,
       "2026-05-10",
       {published(a, kRevoked), published(b)},
       "2026-06-01",
       {"2026-05-31 remove the record of the revoked key office-20260101"}},
      {"an emergency",
       lost,
       "2026-02-01",
       {published(a)},
       "2026-02-28",
       {"2026-02-01 publish office-20260201",
        "2026-02-02 revoke office-20260101 because it is "
        "compromised",
        "2026-02-02 sign with office-20260201"}},
  };
  for (const Case& one : cases) check(one);
}

TEST_CASE("a retired sender's selectors are shown, and none below the phase") {
  auto vendor = std::make_shared<Sender>();
  vendor->id = "vendor";
  vendor->name = "The Vendor";
  vendor->dkim = {{"v1._domainkey", RecordType::CNAME, "v1.vendor.example"}};
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.senders = {{.sender = vendor, .with = {}, .retired = day("2026-03-01"), .mark = {}}};
  const Row published{"v1._domainkey.example.com", RecordType::CNAME, "v1.vendor.example"};
  const World world = at("2026-03-05", {published});
  CHECK(lines_of(rotation_events(domain, world, day("2026-03-17"))) == Lines{});
  CHECK(lines_of(rotation_events(domain, world, day("2026-03-18"))) ==
        Lines{"2026-03-18 remove v1._domainkey.example.com, the key of The Vendor," + kProven});
  CHECK(lines_of(rotation_events(domain, at("2026-03-05", {}), day("2026-03-18"))) == Lines{});
  CHECK(rotation_events(domain_at("example.com", {Phase::Spf, 100}), world, day("2030-01-01"))
            .empty());
}

TEST_CASE("a century of rotations ends") {
  RotationSpec monthly = running("office-20260101");
  monthly.every = {1, Duration::Unit::Months};
  const auto events = rotation_events(
      rotating(monthly), at("2026-01-20", {published("office-20260101")}), day("2126-01-01"));
  CHECK(events.size() > 4000);
  CHECK(std::ranges::is_sorted(events, {}, &RotationEvent::date));
}

}  // namespace rampart
