/// The SPF policy result: which terms are published, in which order, and in which turn they are
/// written.
#include <catch2/catch.hpp>

#include "policies/spf/record.h"
#include "policies/spf/spf.h"
#include "tests/support/spf_zone.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {
namespace {

std::string text_for(const Domain& domain) {
  const PolicyResult policy_result = spf_policy(domain, world_with({}));
  const auto& records = policy_result.desired_records;
  return records.empty() || !records.front().value ? "" : records.front().value->text();
}

TEST_CASE("the record holds the senders that need it, in a canonical order") {
  Domain domain = spf_domain({using_sender("office"), using_sender("suite"), using_sender("esp")});
  domain.spf->extra = {"mx",
                       "-ip4:203.0.113.66",
                       "exists:%{i}._spf.example.com",
                       "a:b.example.com",
                       "a:a.example.com",
                       "ip6:2001:db8::/64"};
  CHECK(text_for(domain) ==
        "v=spf1 -ip4:203.0.113.66 ip4:192.0.2.0/28 ip6:2001:db8::/64 a:a.example.com "
        "a:b.example.com mx include:_spf.suite.example exists:%{i}._spf.example.com ~all");
  std::ranges::reverse(*domain.senders);
  std::ranges::reverse(domain.spf->extra);
  CHECK(text_for(domain).starts_with("v=spf1 -ip4:203.0.113.66 ip4:192.0.2.0/28 ip6:"));
}

struct RecordCase {
  const char* story;
  std::function<void(Domain&)> edit;
  const char* record;
};

TEST_CASE("what the YAML says decides which terms are published") {
  const auto check = [](const RecordCase& item) {
    Domain domain = spf_domain({using_sender("suite")});
    item.edit(domain);
    CAPTURE(item.story);
    CHECK(text_for(domain) == item.record);
  };
  check(
      {"softfail unless said otherwise", [](Domain&) {}, "v=spf1 include:_spf.suite.example ~all"});
  check({"fail", [](Domain& d) { d.spf->all = '-'; }, "v=spf1 include:_spf.suite.example -all"});
  check({"neutral", [](Domain& d) { d.spf->all = '?'; }, "v=spf1 include:_spf.suite.example ?all"});
  check({"a redirect replaces all", [](Domain& d) { d.spf->redirect = "_spf.example.net"; },
         "v=spf1 include:_spf.suite.example redirect=_spf.example.net"});
  check({"exp", [](Domain& d) { d.spf->exp = "why.example.com"; },
         "v=spf1 include:_spf.suite.example ~all exp=why.example.com"});
  check({"a sender that bounces to itself", [](Domain& d) { d.senders = {{using_sender("esp")}}; },
         "v=spf1 ~all"});
  check({"the same, wanted all the same",
         [](Domain& d) {
           d.senders = {{using_sender("esp")}};
           d.senders->front().spf = SpfUse::Always;
         },
         "v=spf1 include:esp.example ~all"});
  check({"never", [](Domain& d) { d.senders->front().spf = SpfUse::Never; }, "v=spf1 ~all"});
  check({"an optional one", [](Domain& d) { d.senders = {{using_sender("optional")}}; },
         "v=spf1 ~all"});
  check({"retired yesterday", [](Domain& d) { d.senders->front().retired = kToday - days(1); },
         "v=spf1 ~all"});
  check({"retired today", [](Domain& d) { d.senders->front().retired = kToday; }, "v=spf1 ~all"});
  check({"retired tomorrow", [](Domain& d) { d.senders->front().retired = kToday + days(1); },
         "v=spf1 include:_spf.suite.example ~all"});
  check({"two senders share an include",
         [](Domain& d) { d.senders->push_back(using_sender("suite")); },
         "v=spf1 include:_spf.suite.example ~all"});
  check({"a placeholder",
         [](Domain& d) {
           d.senders = {{using_sender("filter")}};
           d.senders->front().with = {{"region", "eu"}};
         },
         "v=spf1 include:eu.filter.example exists:%{i}.eu.filter.example ~all"});
  check({"an ending among the extra terms stays the ending",
         [](Domain& d) {
           d.spf->extra = {"?all", "-ip4:192.0.2.1", "mx"};
         },
         "v=spf1 -ip4:192.0.2.1 mx include:_spf.suite.example ?all"});
  check({"no senders at all", [](Domain& d) { d.senders.reset(); }, "v=spf1 ~all"});
}

TEST_CASE("below its phase and outside management SPF is left alone") {
  const auto check = [](const std::function<void(Domain&)>& edit) {
    Domain domain = spf_domain({using_sender("suite")});
    edit(domain);
    CHECK(text_for(domain).empty());
  };
  check([](Domain& d) { d.dmarc.position.phase = Phase::Discovery; });
  check([](Domain& d) { d.state = DomainState::Parked; });
  check([](Domain& d) { d.state = DomainState::Absent; });
  check([](Domain& d) {
    d.senders.reset();
    d.spf.reset();
  });
}

std::vector<std::string> codes_of(const PolicyResult& policy_result) {
  std::vector<std::string> codes;
  for (const Finding& finding : policy_result.findings) codes.push_back(finding.code);
  return codes;
}

TEST_CASE("findings say what is wrong and what is not needed") {
  const auto check = [](const std::function<void(Domain&)>& edit,
                        const std::vector<std::string>& codes) {
    Domain domain = spf_domain({using_sender("suite")});
    edit(domain);
    CHECK(codes_of(spf_policy(domain, world_with({}))) == codes);
  };
  using Codes = std::vector<std::string>;
  check([](Domain&) {}, {});
  check([](Domain& d) { d.spf->all = '-'; }, Codes{"spf-fail-early"});
  check(
      [](Domain& d) {
        d.spf->all = '-';
        d.dmarc.position.phase = Phase::Quarantine;
      },
      {});
  check([](Domain& d) { d.senders = {{using_sender("esp")}}; }, Codes{"spf-include-unneeded"});
  check(
      [](Domain& d) {
        d.senders = {{using_sender("esp")}};
        d.senders->front().spf = SpfUse::Never;
      },
      {});
  check([](Domain& d) { d.senders = {{using_sender("filter")}}; },
        Codes{"sender-placeholder", "sender-placeholder"});
  check([](Domain& d) { d.spf->extra = {"ip4:192.0.2.0/33"}; }, Codes{"spf-term-invalid"});
}

TEST_CASE("an error in a term withholds the record") {
  Domain domain = spf_domain({using_sender("filter")});
  const PolicyResult policy_result = spf_policy(domain, world_with({}));
  REQUIRE(policy_result.findings.size() == 2);
  CHECK(policy_result.findings[0].severity == Severity::Error);
  CHECK(policy_result.findings[0].withholds == std::vector<RecordKey>{spf_key(domain)});
  CHECK(policy_result.findings[0].hint.find("with:") != std::string::npos);
}

TEST_CASE("the turn follows from who is admitted and who is not any more") {
  const auto check = [](const std::vector<std::string>& live, char all, Stage stage) {
    Domain domain = spf_domain({using_sender("office")});
    domain.spf->all = all;
    const PolicyResult policy_result = spf_policy(domain, world_with(live));
    CAPTURE(live, all);
    CHECK(to_text(policy_result.desired_records.front().stage) == to_text(stage));
  };
  check({}, '~', Stage::Authorize);
  check({"v=spf1 ~all"}, '~', Stage::Authorize);
  check({"v=spf1 ip4:192.0.2.0/29 ~all"}, '~', Stage::Authorize);
  check({"v=spf1 ip4:192.0.2.0/24 ~all"}, '~', Stage::Retire);
  check({"v=spf1 ip4:192.0.2.0/29 ip4:192.0.2.8/29 ~all"}, '-', Stage::Enforce);
  check({"v=spf1 ip4:192.0.2.0/28 ~all"}, '-', Stage::Enforce);
  check({"v=spf1 ip4:192.0.2.0/28 -all"}, '~', Stage::Relax);
  check({"v=spf1 ip4:192.0.2.0/28 ~all"}, '?', Stage::Relax);
  check({"v=spf1 ip4:192.0.2.0/28 include:_spf.gone.example ~all"}, '~', Stage::Retire);
  check({"v=spf1 ip4:198.51.100.1 ~all"}, '~', Stage::Authorize);
  check({"v=spf1 ip4:192.0.2.0/28 bogus ~all"}, '~', Stage::Authorize);
  check({"v=spf1 ip4:192.0.2.0/28 ~all", "v=spf1 a ~all"}, '~', Stage::Authorize);
}

TEST_CASE("a first record that admits nobody is enforcement") {
  Domain domain = spf_domain({});
  domain.spf->all = '-';
  CHECK(spf_policy(domain, world_with({})).desired_records.front().stage == Stage::Enforce);
}

TEST_CASE("several live records are reported, and one is wanted in their place") {
  const Domain domain = spf_domain({using_sender("office")});
  const PolicyResult policy_result =
      spf_policy(domain, world_with({"v=spf1 ip4:192.0.2.0/28 ~all", "v=spf1 a ~all", "site=1"}));
  CHECK(codes_of(policy_result) == std::vector<std::string>{"spf-multiple"});
  CHECK(policy_result.findings.front().severity == Severity::Warning);
  CHECK(policy_result.desired_records.size() == 1);
}

TEST_CASE("the TTL is set only where the YAML names one") {
  Domain domain = spf_domain({using_sender("office")});
  CHECK_FALSE(spf_policy(domain, world_with({})).desired_records.front().ttl.has_value());
  domain.ttl = std::chrono::seconds(1800);
  CHECK(spf_policy(domain, world_with({})).desired_records.front().ttl ==
        std::chrono::seconds(1800));
  domain.spf->ttl = std::chrono::seconds(900);
  CHECK(spf_policy(domain, world_with({})).desired_records.front().ttl ==
        std::chrono::seconds(900));
}

TEST_CASE("what both trees still need is noted") {
  const Domain domain = spf_domain({using_sender("suite")});
  World world = world_with({"v=spf1 include:_spf.old.example ~all"});
  const PolicyResult policy_result = spf_policy(domain, world);
  const auto asks = [&](const char* name) {
    return std::ranges::find(policy_result.unknown,
                             Question{Name::literal(name), RecordType::TXT}) !=
           policy_result.unknown.end();
  };
  CHECK(asks("_spf.suite.example"));
  CHECK(asks("_spf.old.example"));
  spf::TestZone zone("_spf.suite.example TXT v=spf1 ip4:198.51.100.0/24 -all\n");
  zone.resolve(policy_result.unknown, world.answers);
  // Who could take the name of a dead include shows at its registered domain.
  const std::vector<Question> asked = spf_policy(domain, world).unknown;
  CHECK(std::ranges::count(asked, Question{Name::literal("old.example"), RecordType::NS}) > 0);
  zone.resolve(asked, world.answers);
  CHECK(spf_policy(domain, world).unknown.empty());
}

}  // namespace
}  // namespace rampart
