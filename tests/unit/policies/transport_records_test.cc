/// MTA-STS and TLS-RPT records: where they are declared, in which order, for which MX hosts.
#include <catch2/catch.hpp>

#include "policies/model/lookup.h"
#include "policies/records/mta_sts.h"
#include "policies/records/parked.h"
#include "policies/records/transport.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

constexpr RecordType kTxt = RecordType::TXT;

TEST_CASE("transport records where they are declared") {
  Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  domain.mta_sts =
      MtaStsSpec{.mode = MtaStsMode::Testing, .mx = {"mx.example.com"}, .id = {}, .mark = {}};
  domain.tls_rpt = TlsRptSpec{{"mailto:t@example.com"}, {}};
  domain.bimi = BimiSpec{.logo = "https://example.com/l.svg", .evidence = {}, .mark = {}};
  const std::string policy =
      "version: STSv1\r\nmode: testing\r\nmx: mx.example.com\r\nmax_age: 604800\r\n";
  CHECK(mta_sts_policy(*domain.mta_sts, {"mx.example.com"}) == policy);
  const World empty = world_with({zone_with("example.com", {})});
  const PolicyResult policy_result = transport_policy(domain, empty);
  CHECK(lines_of(policy_result) ==
        Lines{"publish TXT _mta-sts.example.com v=STSv1; id=" + mta_sts_id(policy) + ";",
              "publish TXT _smtp._tls.example.com v=TLSRPTv1; rua=mailto:t@example.com",
              "publish TXT default._bimi.example.com v=BIMI1; l=https://example.com/l.svg"});
  CHECK(codes_of(policy_result.findings) == Lines{"I mta-sts-policy-first", "W bimi-not-enforced"});
  domain.dmarc.position = {Phase::Reject, 100};
  CHECK(codes_of(transport_policy(domain, empty).findings) == Lines{"I mta-sts-policy-first"});
  domain.dmarc.sp = dmarc::Policy::None;
  CHECK(transport_policy(domain, empty).findings.size() == 2);
  domain.dmarc.position = {Phase::Discovery, 100};
  CHECK(transport_policy(domain, empty).desired_records.empty());
}

// The BIMI draft, section 7.1: the author domain and its organizational domain both count.
TEST_CASE("no logo is shown below an organization that asks for p=none") {
  Domain domain = domain_at("news.example.com", {Phase::Reject, 100});
  domain.bimi = BimiSpec{.logo = "https://example.com/l.svg", .evidence = {}, .mark = {}};
  World world = world_with({zone_with("news.example.com", {})});
  // Unknown is no obstacle, and a question.
  CHECK(transport_policy(domain, world).findings.empty());
  CHECK(contains(transport_policy(domain, world).unknown,
                 Question{Name::literal("_dmarc.example.com"), kTxt}));
  answer(world, "_dmarc.example.com", {"v=DMARC1; p=none; sp=reject"});
  const PolicyResult found = transport_policy(domain, world);
  REQUIRE(codes_of(found.findings) == Lines{"W bimi-not-enforced"});
  CHECK(found.findings.front().message ==
        "the BIMI logo of news.example.com is not shown yet: the organizational domain example.com "
        "asks for p=none");
  answer(world, "_dmarc.example.com", {"v=DMARC1; p=reject; sp=reject"});
  CHECK(transport_policy(domain, world).findings.empty());
}

TEST_CASE("the body of a policy comes before its id") {
  using State = ServedPolicy::State;
  Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  domain.mta_sts =
      MtaStsSpec{.mode = MtaStsMode::Testing, .mx = {"mx.example.com"}, .id = {}, .mark = {}};
  const std::string policy = mta_sts_policy(*domain.mta_sts, {"mx.example.com"});
  World world = world_with({zone_with("example.com", {})});
  const auto codes_for = [&](const ServedPolicy& served) {
    world.served_policies.insert_or_assign(domain.name, served);
    return codes_of(transport_policy(domain, world).findings);
  };
  CHECK(codes_for({State::Served, policy, ""}).empty());
  CHECK(codes_for({State::Served, "hello", ""}) == Lines{"E mta-sts-policy-first"});
  CHECK(codes_for({State::Served, "version: STSv1\nmode: none\nmax_age: 1\n", ""}) ==
        Lines{"E mta-sts-policy-first"});
  CHECK(codes_for({State::Refused, "", "status 404"}) == Lines{"E mta-sts-policy-first"});
  CHECK(codes_for({State::Unreachable, "", "refused"}) == Lines{"I mta-sts-policy-first"});
  // A published id needs no body again.
  world.zones[0] = zone_with(
      "example.com", {{"_mta-sts.example.com", kTxt, "v=STSv1; id=" + mta_sts_id(policy) + ";"}});
  CHECK(codes_for({State::Refused, "", "status 404"}).empty());
  domain.state = DomainState::Absent;
  world.served_policies.clear();
  CHECK(absent_policy(domain, world).findings.empty());
  world.served_policies[domain.name] = {State::Served, policy, ""};
  CHECK(codes_of(absent_policy(domain, world).findings) == Lines{"E mta-sts-none-first"});
  world.served_policies[domain.name].text = "version: STSv1\nmode: none\nmax_age: 1\n";
  CHECK(absent_policy(domain, world).findings.empty());
}

TEST_CASE("mx: auto takes the live hosts") {
  Domain domain = domain_at("example.com", {Phase::Monitor, 100});
  domain.mta_sts = MtaStsSpec{.mode = MtaStsMode::Enforce, .mx = {}, .id = {}, .mark = {}};
  World world = world_with({zone_with("example.com", {})});
  CHECK(codes_of(transport_policy(domain, world).findings) == Lines{"W mta-sts-no-mx"});
  CHECK(transport_policy(domain, world).desired_records.empty());
  world.zones[0] = zone_with("example.com", {{"example.com", RecordType::MX, "10 b.example.com"},
                                             {"example.com", RecordType::MX, "5 a.example.com"}});
  std::vector<Question> unknown;
  CHECK(live_mx(domain, world, unknown) ==
        Known<std::vector<std::string>>(Lines{"a.example.com", "b.example.com"}));
  CHECK(transport_policy(domain, world).desired_records.size() == 1);
  // Without a zone the resolver is queried.
  CHECK(transport_policy(domain, World{}).unknown ==
        std::vector<Question>{{domain.name, RecordType::MX}});
  // Silence is no missing MX: not even mode none gets an id, which would be derived from no hosts.
  World silent;
  silent.answers[{domain.name, RecordType::MX}] = Answer{.detail = "timed out"};
  Domain withdrawn = domain;
  withdrawn.mta_sts->mode = MtaStsMode::None;
  for (const Domain& one : {domain, withdrawn}) {
    const PolicyResult without = transport_policy(one, silent);
    CHECK(without.desired_records.empty());
    REQUIRE(codes_of(without.findings) == Lines{"E unobservable"});
    CHECK(without.findings.front().message ==
          "example.com MX got no answer (timed out), so the MTA-STS policy is not known: "
          "`_mta-sts` is not changed");
  }
  // A live record needs no announcement.
  const ParsedValue announced = *transport_policy(domain, world).desired_records.front().value;
  world.zones[0].sets[{Name::literal("_mta-sts.example.com"), kTxt}] = {
      LiveState::Present, {{}, {announced}}, ""};
  CHECK(transport_policy(domain, world).findings.empty());
}

}  // namespace
}  // namespace rampart
