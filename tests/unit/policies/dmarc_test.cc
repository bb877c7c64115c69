/// The ramp's records, `_dmarc` wants, inheritance, reports, parked and absent domains.
#include <catch2/catch.hpp>

#include "policies/dmarc/dmarc.h"
#include "policies/ramp/ramp.h"
#include "policies/records/mta_sts.h"
#include "policies/records/parked.h"
#include "policies/records/transport.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

constexpr RecordType kTxt = RecordType::TXT;

TEST_CASE("the record of each step, in each mode") {
  const std::tuple<RampPosition, RampMode, std::string> rows[] = {
      {{Phase::Monitor, 100}, RampMode::Compat, "v=DMARC1; p=none"},
      {{Phase::Quarantine, 10}, RampMode::Compat, "v=DMARC1; p=quarantine; t=y; pct=10"},
      {{Phase::Quarantine, 10}, RampMode::Legacy, "v=DMARC1; p=quarantine; pct=10"},
      {{Phase::Quarantine, 10}, RampMode::PolicyOnly, "v=DMARC1; p=quarantine"},
      {{Phase::Quarantine, 100}, RampMode::Compat, "v=DMARC1; p=quarantine"},
      {{Phase::Reject, 50}, RampMode::Compat, "v=DMARC1; p=reject; t=y; pct=50"},
      {{Phase::Reject, 100}, RampMode::Legacy, "v=DMARC1; p=reject"},
  };
  for (const auto& [position, mode, text] : rows) {
    DmarcSpec spec;
    spec.position = position;
    spec.ramp = standard_ramp(mode);
    CHECK(dmarc::print(record_for(spec)) == text);
    if (mode == RampMode::Compat) CHECK(position_of(record_for(spec)) == position);
  }
}

TEST_CASE("where a record is, and how many steps lie between") {
  const auto position = [](const std::string& text) {
    return position_of(dmarc::parse_lenient("v=DMARC1; " + text)->record);
  };
  CHECK(position("p=none; pct=5") == RampPosition{Phase::Monitor, 100});
  CHECK(position("p=reject; t=y") == RampPosition{Phase::Reject, 1});
  CHECK(position("p=reject; pct=0") == RampPosition{Phase::Reject, 1});
  CHECK(position("p=quarantine; pct=25") == RampPosition{Phase::Quarantine, 25});
  const Ramp ramp = *standard_ramp();
  CHECK(steps_between(ramp, {}, {Phase::Monitor, 100}) == 1);
  CHECK(steps_between(ramp, {}, {Phase::Quarantine, 10}) == 2);
  CHECK(steps_between(ramp, RampPosition{Phase::Quarantine, 10}, {Phase::Quarantine, 50}) == 1);
  CHECK(steps_between(ramp, RampPosition{Phase::Quarantine, 25}, {Phase::Quarantine, 50}) == 1);
  CHECK(steps_between(ramp, RampPosition{Phase::Monitor, 100}, {Phase::Reject, 100}) == 6);
  CHECK(steps_between(ramp, RampPosition{Phase::Reject, 100}, {Phase::Monitor, 100}) == 0);
}

struct Case {
  RampPosition position;
  Lines live;
  std::string desired;
  Lines codes;
};

TEST_CASE("the live record at _dmarc decides the turn") {
  const RampPosition monitor{Phase::Monitor, 100};
  const RampPosition quarantine{Phase::Quarantine, 100};
  const std::string rua = "; rua=mailto:dmarc@example.com";
  const std::string at = " TXT _dmarc.example.com v=DMARC1; ";
  const std::vector<Case> cases = {
      {monitor, {}, "publish" + at + "p=none" + rua, {}},
      {quarantine, {}, "enforce" + at + "p=quarantine" + rua, {}},
      {monitor, {"v=DMARC1; p=reject" + rua}, "relax" + at + "p=none" + rua, {}},
      {quarantine, {"v=DMARC1; p=none"}, "enforce" + at + "p=quarantine" + rua, {}},
      {quarantine, {"v=DMARC1; p=quarantine"}, "publish" + at + "p=quarantine" + rua, {}},
      {{Phase::Quarantine, 50},
       {"v=DMARC1; p=quarantine; t=y; pct=10"},
       "enforce" + at + "p=quarantine; t=y; pct=50" + rua,
       {}},
      {quarantine, {"v=DMARC1; p=quarantine; adkim=s"}, "relax" + at + "p=quarantine" + rua, {}},
      // Tags that we do not know are kept.
      {monitor,
       {"v=DMARC1; p=none; ri=3600; xyz=1"},
       "publish" + at + "p=none" + rua + "; ri=3600; xyz=1",
       {}},
      {monitor,
       {"v=DMARC1; p=reject", "v=DMARC1; p=none"},
       "publish" + at + "p=none" + rua,
       {"W dmarc-multiple"}},
      {monitor, {"v=dmarc1; p=none"}, "publish" + at + "p=none" + rua, {"W dmarc-near-miss"}},
      {monitor, {"hello"}, "publish" + at + "p=none" + rua, {}},
  };
  for (const Case& c : cases) {
    std::vector<Row> rows;
    for (const std::string& value : c.live) rows.push_back({"_dmarc.example.com", kTxt, value});
    World world = world_with({zone_with("example.com", rows)});
    answer(world, "example.com", {"10 mx.example.com"}, RecordType::MX);
    const PolicyResult policy_result = dmarc_policy(domain_at("example.com", c.position), world);
    INFO(c.desired);
    CHECK(lines_of(policy_result) == Lines{c.desired});
    CHECK(codes_of(policy_result.findings) == c.codes);
    CHECK(policy_result.unknown.empty());
  }
}

TEST_CASE("below monitor, DMARC is not managed") {
  for (const Phase phase : {Phase::Discovery, Phase::Spf, Phase::Dkim}) {
    const PolicyResult policy_result =
        dmarc_policy(domain_at("example.com", {phase, 100}), World{});
    CHECK(policy_result.desired_records.empty());
    CHECK(policy_result.unknown.empty());
  }
}

TEST_CASE("normalising drops rf and ri, and only those") {
  World world = world_with({zone_with(
      "example.com", {{"_dmarc.example.com", kTxt, "v=DMARC1; p=none; rf=afrf; ri=1; xyz=1"}})});
  world.normalize = true;
  const PolicyResult policy_result =
      dmarc_policy(domain_at("example.com", {Phase::Monitor, 100}), world);
  CHECK(policy_result.desired_records.front().value ==
        "v=DMARC1; p=none; rua=mailto:dmarc@example.com; xyz=1");
}

TEST_CASE("TTLs: named ones win, a new record below its target is short") {
  Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  const auto ttls = [&domain] {
    const DesiredRecord desired = dmarc_policy(domain, World{}).desired_records.front();
    return std::pair(desired.ttl.value_or(std::chrono::seconds{0}).count(),
                     desired.new_ttl.value_or(std::chrono::seconds{0}).count());
  };
  CHECK(ttls() == std::pair(0L, 300L));
  domain.ttl = std::chrono::seconds{7200};
  CHECK(ttls() == std::pair(7200L, 300L));
  domain.dmarc.ttl = std::chrono::seconds{600};
  CHECK(ttls() == std::pair(600L, 300L));
  domain.dmarc.position = domain.dmarc.target;
  CHECK(ttls() == std::pair(600L, 0L));
}

TEST_CASE("a sub-domain is not weakened by being listed") {
  const std::string strict = "v=DMARC1; p=reject";
  World world = world_with({zone_with(
      "example.com", {{"_dmarc.example.com", kTxt, strict}, {"sub.example.com", kTxt, "x"}})});
  const Domain weak = domain_at("sub.example.com", {Phase::Monitor, 100});
  answer(world, "sub.example.com", {"10 mx.example.com"}, RecordType::MX);
  // What lies above the zone must be asked first.
  const PolicyResult asking = dmarc_policy(weak, world);
  CHECK(asking.unknown == std::vector<Question>{{Name::literal("_dmarc.com"), kTxt}});
  answer(world, "_dmarc.com", {});
  const PolicyResult policy_result = dmarc_policy(weak, world);
  CHECK(codes_of(policy_result.findings) == Lines{"E weakens-inherited-policy"});
  CHECK(policy_result.findings.front().withholds ==
        std::vector<RecordKey>{{Name::literal("_dmarc.sub.example.com"), kTxt}});
  for (const RampPosition position :
       {RampPosition{Phase::Quarantine, 100}, RampPosition{Phase::Reject, 50}}) {
    CHECK(codes_of(dmarc_policy(domain_at("sub.example.com", position), world).findings) ==
          Lines{"E weakens-inherited-policy"});
  }
  CHECK(dmarc_policy(domain_at("sub.example.com", {Phase::Reject, 100}), world).findings.empty());
  // A record of its own that is loosened is a rollback, and free.
  const RecordKey key{Name::literal("_dmarc.sub.example.com"), kTxt};
  world.zones[0].sets[key] = {LiveState::Present,
                              parse_set(key, {std::chrono::seconds{300}, {strict}}), ""};
  const PolicyResult back = dmarc_policy(weak, world);
  CHECK(back.findings.empty());
  CHECK(back.desired_records.front().stage == Stage::Relax);
}

TEST_CASE("a sub-domain waits where it is not known what it inherits") {
  const Domain weak = domain_at("sub.example.com", {Phase::Monitor, 100});
  const auto zone = zone_with("sub.example.com", {{"sub.example.com", kTxt, "x"}});
  const auto withheld = [&](const World& world) {
    const PolicyResult policy_result = dmarc_policy(weak, world);
    CHECK(policy_result.unknown ==
          std::vector<Question>{{Name::literal("sub.example.com"), RecordType::MX}});
    CHECK(codes_of(policy_result.findings) == Lines{"E unobservable"});
    return policy_result.findings.size() == 1 &&
           policy_result.findings.front().withholds ==
               std::vector<RecordKey>{{Name::literal("_dmarc.sub.example.com"), kTxt}};
  };
  World world = world_with({zone});
  answer(world, "_dmarc.example.com", {"v=DMARC1; p=none"});
  answer(world, "_dmarc.com", {});
  CHECK(dmarc_policy(weak, world).findings.empty());
  const auto without = [&](const char* silent) {
    World dark = world;
    dark.answers[{Name::literal(silent), kTxt}] = {.status = AnswerStatus::Failed,
                                                   .detail = "192.0.2.53:53: timeout"};
    return dark;
  };
  CHECK(withheld(without("_dmarc.example.com")));
  CHECK(dmarc_policy(weak, without("_dmarc.example.com"))
            .findings.front()
            .message.starts_with(
                "_dmarc.example.com TXT got no answer (192.0.2.53:53: timeout), so "));
  // Above the organization there is a public suffix only.
  CHECK(dmarc_policy(weak, without("_dmarc.com")).findings.empty());
  // Where the organization has no record, the suffix may have one with psd=y.
  answer(world, "_dmarc.example.com", {});
  CHECK(dmarc_policy(weak, world).findings.empty());
  CHECK(withheld(without("_dmarc.com")));
  World strict = world;
  answer(strict, "_dmarc.com", {"v=DMARC1; p=reject; psd=y"});
  CHECK(codes_of(dmarc_policy(weak, strict).findings) == Lines{"E weakens-inherited-policy"});
  // A record of its own shows what is in force, whatever is above it.
  const RecordKey key{Name::literal("_dmarc.sub.example.com"), kTxt};
  world.zones[0].sets[key] = {
      LiveState::Present, parse_set(key, {std::chrono::seconds{300}, {"v=DMARC1; p=none"}}), ""};
  world.answers[{Name::literal("_dmarc.example.com"), kTxt}] = {.status = AnswerStatus::Failed};
  CHECK(dmarc_policy(weak, world).findings.empty());
}

// RFC 1035 section 2.3.4: a name has 255 octets at most.
TEST_CASE("a consent whose name would be too long is a warning, and is not queried") {
  const std::string label(60, 'a');
  Domain domain = domain_at(label + ".example", {Phase::Monitor, 100});
  domain.dmarc.rua = {"mailto:d@" + label + "." + label + "." + label + ".example.net"};
  const PolicyResult policy_result = dmarc_policy(domain, World());
  CHECK(codes_of(policy_result.findings) == Lines{"W report-unauthorized"});
  REQUIRE_FALSE(policy_result.findings.empty());
  CHECK_THAT(policy_result.findings.front().message, Catch::Contains("is too long"));
  for (const Question& question : policy_result.unknown) {
    CHECK(question.name.text().find("_report") == std::string::npos);
  }
}

// Nobody manages the record at this phase, and it is looked at all the same.
TEST_CASE("a near miss is reported below the phase that owns the record") {
  const Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  const World world =
      world_with({zone_with("example.com", {{"_dmarc.example.com", kTxt, " v=DMARC1; p=none"}})});
  const PolicyResult policy_result = dmarc_policy(domain, world);
  CHECK(codes_of(policy_result.findings) == Lines{"W dmarc-near-miss"});
  REQUIRE_FALSE(policy_result.findings.empty());
  CHECK_THAT(policy_result.findings.front().hint, Catch::Contains("by hand"));
  CHECK(policy_result.desired_records.empty());
}

TEST_CASE("report addresses elsewhere need their host's consent") {
  Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  const std::string name = "example.com._report._dmarc.reports.example.net";
  domain.dmarc.rua = {"mailto:a@sub.example.com", "mailto:d@reports.example.net!10m"};
  World world;
  // Whether their domains receive mail is a question as well (RFC 5321 section 5.1).
  const Question own{Name::literal("sub.example.com"), RecordType::MX};
  const Question host{Name::literal("reports.example.net"), RecordType::MX};
  CHECK(dmarc_policy(domain, world).unknown ==
        std::vector<Question>{host, own, {Name::literal(name), kTxt}});
  world.answers[own] = world.answers[host] = {.status = AnswerStatus::Data, .values = {"0 mx.x"}};
  CHECK(dmarc_policy(domain, world).unknown == std::vector<Question>{{Name::literal(name), kTxt}});
  answer(world, name, {"v=DMARC1"});
  CHECK(dmarc_policy(domain, world).findings.empty());
  answer(world, name, {"x"});
  CHECK(codes_of(dmarc_policy(domain, world).findings) == Lines{"W report-unauthorized"});
  answer(world, name, {});
  CHECK(codes_of(dmarc_policy(domain, world).findings) == Lines{"W report-unauthorized"});
  world.answers.at({Name::literal(name), kTxt}).status = AnswerStatus::Failed;
  CHECK(codes_of(dmarc_policy(domain, world).findings) == Lines{"I report-unauthorized"});
  // Where the zone is ours, the record is part of the plan, unless a wildcard consents already.
  world.zones = {zone_with("example.net", {})};
  CHECK(lines_of(dmarc_policy(domain, world)).back() == "publish TXT " + name + " v=DMARC1");
  world.zones = {
      zone_with("example.net", {{"*._report._dmarc.reports.example.net", kTxt, "v=DMARC1;"}})};
  CHECK(dmarc_policy(domain, world).desired_records.size() == 1);
  // A wildcard that only name servers showed counts as well.
  world.zones = {zone_with("example.net", {})};
  CHECK(dmarc_policy(domain, world).desired_records.size() == 2);
  world.zones[0].wildcards = {{Name::literal("*._report._dmarc.reports.example.net"), kTxt}};
  answer(world, name, {"v=DMARC1"});
  CHECK(dmarc_policy(domain, world).desired_records.size() == 1);
}

TEST_CASE("parked domains publish that they send and take no mail") {
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.state = DomainState::Parked;
  domain.dmarc.rua = {"mailto:d@reports.example.net"};
  World world = world_with({zone_with("example.com", {}), zone_with("example.net", {})});
  CHECK(lines_of(parked_policy(domain, world)) ==
        Lines{"enforce TXT example.com v=spf1 -all",
              "enforce TXT *._domainkey.example.com v=DKIM1; p=",
              "enforce TXT _dmarc.example.com v=DMARC1; p=reject; sp=reject; np=reject; "
              "rua=mailto:d@reports.example.net",
              "enforce MX example.com 0 .",
              "enforce TXT example.com._report._dmarc.reports.example.net v=DMARC1"});
  CHECK(parked_policy(domain, world).findings.empty());
  world.zones[0] = zone_with("example.com", {{"example.com", RecordType::MX, "0 ."}});
  CHECK(parked_policy(domain, world).findings.empty());
  world.zones[0] = zone_with("example.com", {{"example.com", RecordType::MX, "10 mx.example.org"}});
  const PolicyResult policy_result = parked_policy(domain, world);
  CHECK(codes_of(policy_result.findings) == Lines{"E parked-has-mail"});
  CHECK(policy_result.findings.front().withholds.size() == policy_result.desired_records.size());
}

TEST_CASE("absent domains lose what is ours, with a warning for the last records") {
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.state = DomainState::Absent;
  domain.selectors = {{.selector = "s1", .mark = {}}};
  const World empty = world_with({zone_with("example.com", {})});
  CHECK(lines_of(absent_policy(domain, empty)) ==
        Lines{"retire TXT example.com (none)", "retire TXT _dmarc.example.com (none)",
              "retire TXT _mta-sts.example.com (none)", "retire TXT _smtp._tls.example.com (none)",
              "retire TXT s1._domainkey.example.com (none)",
              "retire CNAME s1._domainkey.example.com (none)"});
  CHECK(absent_policy(domain, empty).findings.empty());
  const World full =
      world_with({zone_with("example.com", {{"example.com", kTxt, "v=spf1 -all"},
                                            {"example.com", kTxt, "x"},
                                            {"_dmarc.example.com", kTxt, "v=DMARC1; p=none"}})});
  CHECK(codes_of(absent_policy(domain, full).findings) ==
        Lines{"W last-record-removed", "W last-record-removed"});
}

}  // namespace
}  // namespace rampart
