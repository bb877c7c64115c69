/// Guardrails over DMARC enforcement and keys in use.
#include "policies/guardrails/dmarc.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

constexpr RecordType kTxt = RecordType::TXT;

const std::string kKey = "v=DKIM1; k=ed25519; p=FKQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";
const std::string kOther = "v=DKIM1; k=ed25519; p=AAQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";

std::optional<TypedSet> set_of(const std::string& value, RecordType type) {
  if (value.empty()) return std::nullopt;
  return TypedSet{type, {std::chrono::seconds{300}, {value}}};
}

Change change(const std::string& domain, const std::string& name, const std::string& before,
              const std::string& after, Stage stage) {
  return {Name::literal(domain),
          Name::literal(domain),
          "files",
          parse_change({Name::literal(name), set_of(before, kTxt), set_of(after, kTxt)}),
          stage,
          {"test"}};
}

Change dmarc_change(const std::string& domain, const std::string& before, const std::string& after,
                    Stage stage) {
  return change(domain, "_dmarc." + domain, before, after, stage);
}

Config config_of(const std::vector<Domain>& domains) {
  Config config;
  for (const Domain& domain : domains) config.domains.emplace(domain.name, domain);
  return config;
}

Plan plan_of(std::vector<Change> changes) {
  Plan plan;
  plan.changes = std::move(changes);
  return plan;
}

World offline() {
  World world = world_with({zone_with("example.com", {})});
  answer(world, "_dmarc.com", {});
  return world;
}

TEST_CASE("more than one step up at once") {
  const std::tuple<std::string, RampPosition, Lines> rows[] = {
      {"", {Phase::Quarantine, 10}, {"E ramp-jump"}},
      {"v=DMARC1; p=none", {Phase::Quarantine, 10}, {}},
      {"v=DMARC1; p=none", {Phase::Quarantine, 50}, {"E ramp-jump"}},
      {"v=DMARC1; p=quarantine; pct=10; t=y", {Phase::Quarantine, 50}, {}},
      {"v=DMARC1; p=quarantine; pct=25; t=y", {Phase::Quarantine, 100}, {"E ramp-jump"}},
      {"v=DMARC1; p=quarantine", {Phase::Reject, 10}, {}},
      {"v=DMARC1; p=quarantine", {Phase::Reject, 100}, {"E ramp-jump"}},
      {"v=DMARC1; p=reject; pct=50; t=y", {Phase::Reject, 100}, {}},
  };
  for (const auto& [before, position, codes] : rows) {
    INFO(before << " -> " << to_text(position));
    const Plan plan =
        plan_of({dmarc_change("example.com", before, "v=DMARC1; p=reject", Stage::Enforce)});
    Domain domain = domain_at("example.com", position);
    const auto found = ramp_jump(plan, config_of({domain}), offline());
    CHECK(codes_of(found) == codes);
    for (const Finding& finding : found) {
      CHECK(finding.withholds ==
            std::vector<RecordKey>{{Name::literal("_dmarc.example.com"), kTxt}});
    }
    domain.state = DomainState::Parked;
    CHECK(ramp_jump(plan, config_of({domain}), offline()).empty());
  }
  // Loosening and other changes are no climb.
  const Plan down = plan_of(
      {dmarc_change("example.com", "v=DMARC1; p=reject", "v=DMARC1; p=none", Stage::Relax)});
  CHECK(ramp_jump(down, config_of({domain_at("example.com", {Phase::Monitor, 100})}), offline())
            .empty());
}

TEST_CASE("a sub-domain climbs from what it inherits") {
  World world =
      world_with({zone_with("example.com", {{"_dmarc.example.com", kTxt, "v=DMARC1; p=reject"},
                                            {"sub.example.com", kTxt, "x"}})});
  answer(world, "_dmarc.com", {});
  const Config config = config_of({domain_at("sub.example.com", {Phase::Reject, 100})});
  const Plan plan =
      plan_of({dmarc_change("sub.example.com", "", "v=DMARC1; p=reject", Stage::Enforce)});
  CHECK(ramp_jump(plan, config, world).empty());
  world.zones[0] = zone_with("example.com", {});
  CHECK(codes_of(ramp_jump(plan, config, world)) == Lines{"E ramp-jump"});
}

SenderUse spf_only_sender() {
  Sender sender;
  sender.id = sender.name = "relay";
  sender.dkim_aligns = Aligns::No;
  return {.sender = std::make_shared<const Sender>(sender), .with = {}, .retired = {}, .mark = {}};
}

TEST_CASE("p=reject needs DKIM, and somebody who reads reports") {
  Domain domain = domain_at("example.com", {Phase::Reject, 100});
  domain.senders = {{spf_only_sender()}};
  domain.dmarc.rua.clear();
  const Plan tightening = plan_of({dmarc_change("example.com", "v=DMARC1; p=quarantine",
                                                "v=DMARC1; p=reject", Stage::Enforce)});
  const World world = offline();
  CHECK(codes_of(reject_spf_only(tightening, config_of({domain}), world)) ==
        Lines{"E reject-spf-only"});
  CHECK(codes_of(reject_without_rua(tightening, config_of({domain}), world)) ==
        Lines{"E reject-without-rua"});
  // A sender that was retired sends nothing that could be lost.
  Domain retired = domain;
  retired.senders->front().retired = utc_day(world.now);
  CHECK(reject_spf_only(tightening, config_of({retired}), world).empty());
  // What is live already is a warning.
  CHECK(codes_of(reject_spf_only(Plan{}, config_of({domain}), world)) ==
        Lines{"W reject-spf-only"});
  CHECK(codes_of(reject_without_rua(Plan{}, config_of({domain}), world)) ==
        Lines{"W reject-without-rua"});
  domain.rotations = {{.name = "r",
                       .sender = "relay",
                       .current = {},
                       .next = {},
                       .past = {},
                       .signing = {},
                       .mark = {}}};
  domain.dmarc.rua = {"mailto:a@example.com"};
  CHECK(reject_spf_only(tightening, config_of({domain}), world).empty());
  CHECK(reject_without_rua(tightening, config_of({domain}), world).empty());
  domain.rotations.clear();
  domain.dmarc.position = {Phase::Quarantine, 100};
  CHECK(reject_spf_only(tightening, config_of({domain}), world).empty());
}

TEST_CASE("one edit must not move too many domains") {
  std::vector<Domain> domains;
  std::vector<Change> up;
  std::vector<Change> down;
  for (const std::string name : {"a.example", "b.example", "c.example"}) {
    domains.push_back(domain_at(name, {Phase::Quarantine, 10}));
    up.push_back(dmarc_change(name, "v=DMARC1; p=none", "v=DMARC1; p=reject", Stage::Enforce));
    down.push_back(dmarc_change(name, "v=DMARC1; p=reject", "v=DMARC1; p=none", Stage::Relax));
  }
  const Config config = config_of(domains);
  const World world;
  CHECK(codes_of(too_many_domains(plan_of(up), config, world)) ==
        Lines{"E too-many-domains", "E too-many-domains", "E too-many-domains"});
  CHECK(codes_of(too_many_domains(plan_of(down), config, world)) ==
        Lines{"W too-many-domains", "W too-many-domains", "W too-many-domains"});
  up.pop_back();
  CHECK(too_many_domains(plan_of(up), config, world).empty());
}

TEST_CASE("a key in use is neither removed nor exchanged") {
  const std::string at = "s1._domainkey.example.com";
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  const auto codes = [&](const std::string& before, const std::string& after) {
    const Plan plan = plan_of({change("example.com", at, before, after, Stage::Publish)});
    return codes_of(dkim_selector_removed(plan, config_of({domain}), World{}));
  };
  CHECK(codes("", kKey).empty());
  CHECK(codes(kKey, "k=ed25519; p=FKQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=").empty());
  CHECK(codes(kKey, kOther) == Lines{"E dkim-selector-removed"});
  CHECK(codes(kKey, "v=DKIM1; p=") == Lines{"E dkim-selector-removed"});
  CHECK(codes(kKey, "") == Lines{"E dkim-selector-removed"});
  CHECK(codes("v=DKIM1; p=", kKey).empty());
  domain.state = DomainState::Absent;
  CHECK(codes(kKey, "").empty());
}

TEST_CASE("several keys at one selector may be brought down to one") {
  Change merge = change("example.com", "s1._domainkey.example.com", kKey, kKey, Stage::Publish);
  merge.set.before->set.values.emplace(RecordKey{merge.name(), kTxt}, kOther);
  const Config config = config_of({domain_at("example.com", {Phase::Dkim, 100})});
  CHECK(dkim_selector_removed(plan_of({merge}), config, World{}).empty());
}

TEST_CASE("a record that appears above a listed sub-domain changes its rule") {
  World world =
      world_with({zone_with("example.com", {{"_dmarc.b.example.com", kTxt, "v=DMARC1; p=none"},
                                            {"a.b.example.com", kTxt, "x"}})});
  answer(world, "_dmarc.com", {});
  const Config config = config_of({domain_at("example.com", {Phase::Monitor, 100}),
                                   domain_at("a.b.example.com", {Phase::Dkim, 100})});
  const Plan create =
      plan_of({dmarc_change("example.com", "", "v=DMARC1; p=none", Stage::Publish)});
  const auto found = discovery_changes(create, config, world);
  CHECK(codes_of(found) == Lines{"W governing-changes"});
  CHECK(found.front().domain == Name::literal("a.b.example.com"));
  // psd=n below keeps the rule where it is for RFC 9989; the public suffix list knows no psd.
  world.zones[0] =
      zone_with("example.com", {{"_dmarc.b.example.com", kTxt, "v=DMARC1; p=none; psd=n"}});
  answer(world, "a.b.example.com", {});
  const auto by_list = discovery_changes(create, config, world);
  REQUIRE(codes_of(by_list) == Lines{"W governing-changes"});
  CHECK(by_list.front().message ==
        "_dmarc.example.com changes how receivers find the DMARC policy of a.b.example.com: its "
        "governing record changes from none to example.com by the public suffix list (RFC 7489)");
  CHECK(discovery_changes(Plan{}, config, world).empty());
}

/// The findings for sub.example.com, beside which `rows` are live, when `changes` are written.
std::vector<std::string> check_moves(const std::vector<Row>& rows, std::vector<Change> changes) {
  World world = world_with({zone_with("example.com", rows)});
  answer(world, "_dmarc.com", {});
  const Config config = config_of({domain_at("example.com", {Phase::Monitor, 100}),
                                   domain_at("sub.example.com", {Phase::Monitor, 100})});
  std::vector<std::string> results;
  for (const Finding& one : discovery_changes(plan_of(std::move(changes)), config, world)) {
    results.push_back(std::string(to_text(one.severity)) + " " + one.message);
  }
  return results;
}

TEST_CASE("a listed sub-domain's governing record and organizational domain, moved by the plan") {
  const std::string none = "v=DMARC1; p=none";
  const std::string psd = "v=DMARC1; p=none; psd=n";
  const Row org{"_dmarc.example.com", kTxt, none};
  const Row sub{"_dmarc.sub.example.com", kTxt, none};
  const auto at = [](const std::string& domain, const std::string& from, const std::string& to) {
    return dmarc_change(domain, from, to, Stage::Publish);
  };
  const std::string moved =
      "_dmarc.sub.example.com changes how receivers find the DMARC policy of sub.example.com: ";
  // A record of its own.
  CHECK(
      check_moves({org}, {at("sub.example.com", "", none)}) ==
      Lines{"info " + moved + "its governing record changes from example.com to sub.example.com"});
  // psd=n makes it an organization for one generation alone.
  CHECK(check_moves({org, sub}, {at("sub.example.com", none, psd)}) ==
        Lines{"info " + moved +
              "its organizational domain changes from example.com to sub.example.com by tree walk "
              "(RFC 9989), while by the public suffix list (RFC 7489) it stays example.com"});
  // Its record goes, and the organization's takes over; or nothing does.
  CHECK(check_moves({org, sub}, {at("sub.example.com", none, "")}) ==
        Lines{"warning " + moved +
              "its governing record changes from sub.example.com to example.com"});
  CHECK(check_moves({sub}, {at("sub.example.com", none, "")}) ==
        Lines{"warning " + moved + "its governing record changes from sub.example.com to none"});
  // The organization's first record governs it, and its last leaves it ungoverned.
  const std::string above =
      "_dmarc.example.com changes how receivers find the DMARC policy of sub.example.com: ";
  const Row other{"sub.example.com", kTxt, "x"};
  CHECK(check_moves({other}, {at("example.com", "", none)}).size() == 1);
  CHECK(check_moves({org, other}, {at("example.com", none, "")})
            .front()
            .starts_with("warning " + above));
  // Where nothing moves, nothing is said.
  CHECK(check_moves({org, sub}, {at("example.com", none, "v=DMARC1; p=reject")}).empty());
  CHECK(check_moves({org, sub}, {at("sub.example.com", none, "v=DMARC1; p=reject")}).empty());
  CHECK(check_moves({}, {at("sub.example.com", "", none)}).empty());
}

}  // namespace
}  // namespace rampart
