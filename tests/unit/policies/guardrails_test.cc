/// Guardrails over names and hosts: shadowed wildcards, values too long for a host.
#include "policies/guardrails/guardrails.h"

#include <catch2/catch.hpp>

namespace rampart {
namespace {

const Name kZone = Name::literal("example.com");

Change create(const char* name, std::string value) {
  const Name at = Name::literal(name);
  return {kZone,
          kZone,
          "files",
          parse_change(
              {at, std::nullopt, TypedSet{RecordType::TXT, {std::chrono::seconds(300), {value}}}}),
          Stage::Publish,
          {"test"}};
}

World world_with(std::set<RecordKey> wildcards, std::vector<RecordKey> existing) {
  LiveZone zone{.apex = kZone,
                .provider = "files",
                .from_provider = true,
                .complete = true,
                .sets = {},
                .wildcards = std::move(wildcards),
                .error = {},
                .limits = {.max_txt_octets = 255}};
  for (const RecordKey& key : existing) {
    zone.sets[key] = {LiveState::Present, parse_set(key, {std::chrono::seconds(300), {"x"}}), ""};
  }
  World world;
  world.zones.push_back(std::move(zone));
  return world;
}

std::vector<std::string> codes_for(const Change& change, const World& world) {
  Plan plan;
  plan.changes.push_back(change);
  std::vector<std::string> codes;
  for (const Guardrail guardrail : guardrails()) {
    for (const Finding& finding : guardrail(plan, Config{}, world)) {
      if (finding.severity == Severity::Error) codes.push_back(finding.code);
    }
  }
  return codes;
}

bool shadows(const char* name, const World& world) {
  const auto codes = codes_for(create(name, "v=DMARC1; p=none"), world);
  return std::ranges::find(codes, "shadows-wildcard") != codes.end();
}

std::size_t failing_servers_in(LiveSet live, const char* at, bool from_provider) {
  World world = world_with({}, {});
  world.zones[0].from_provider = from_provider;
  world.zones[0].sets[{Name::literal(at), RecordType::TXT}] = std::move(live);
  Config config;
  config.domains.emplace(kZone, Domain{.name = kZone, .providers = {"files"}});
  std::size_t found = 0;
  for (const Guardrail guardrail : guardrails()) {
    for (const Finding& finding : guardrail({}, config, world))
      found += finding.code == "ns-failing";
  }
  return found;
}

TEST_CASE("a server that fails beside others is named, and withholds nothing") {
  const std::string detail = "ns2.example.net 192.0.2.2:53: refused";
  CHECK(failing_servers_in({LiveState::Absent, {}, detail}, "_dmarc.example.com", false) == 1);
  CHECK(failing_servers_in({LiveState::Present, {}, detail}, "example.com", false) == 1);
  CHECK(failing_servers_in({LiveState::Present, {}, ""}, "example.com", false) == 0);
  CHECK(failing_servers_in({LiveState::Unobservable, {}, detail}, "example.com", false) == 0);
  CHECK(failing_servers_in({LiveState::Present, {}, detail}, "example.com", true) == 0);
  CHECK(failing_servers_in({LiveState::Present, {}, detail}, "example.net", false) == 0);
}

// RFC 6376 section 6.1.2: without a key no signature verifies, so that none can be lost. Only
// NXDOMAIN shows that: a target that exists may get its key at any time.
TEST_CASE("a CNAME to a name that does not exist may be replaced") {
  const Name selector = Name::literal("s1._domainkey.example.com");
  const Name old = Name::literal("s1.esp.example.example.com");
  const auto cname = [](const char* target) {
    return TypedSet{RecordType::CNAME, {std::chrono::seconds(300), {target}}};
  };
  const Change change{
      kZone,
      kZone,
      "files",
      parse_change({selector, cname("s1.esp.example.example.com"), cname("s1.esp.example")}),
      Stage::Publish,
      {"test"}};
  Config config;
  config.domains.emplace(kZone, Domain{.name = kZone, .providers = {"files"}});
  const auto refused = [&](std::optional<AnswerStatus> status) {
    World world = world_with({}, {});
    if (status) world.answers[{old, RecordType::TXT}] = {.status = *status};
    Plan plan;
    plan.changes.push_back(change);
    bool found = false;
    for (const Guardrail guardrail : guardrails()) {
      for (const Finding& one : guardrail(plan, config, world)) {
        found = found || one.code == "dkim-selector-removed";
      }
    }
    return found;
  };
  CHECK_FALSE(refused(AnswerStatus::NxDomain));
  CHECK(refused(AnswerStatus::NoData));
  CHECK(refused(AnswerStatus::Data));
  CHECK(refused(AnswerStatus::Failed));
  CHECK(refused(std::nullopt));
}

TEST_CASE("a create that stops a wildcard from answering is noticed") {
  const RecordKey mx{Name::literal("*.example.com"), RecordType::MX};
  const RecordKey txt{Name::literal("*.example.com"), RecordType::TXT};
  CHECK(shadows("_dmarc.sub.example.com", world_with({mx}, {})));
  CHECK(shadows("sub.example.com", world_with({mx}, {})));
  const RecordKey cname{Name::literal("*.example.com"), RecordType::CNAME};
  CHECK(shadows("_dmarc.sub.example.com", world_with({cname}, {})));
  for (const RecordType type : {RecordType::A, RecordType::AAAA}) {
    const RecordKey address{Name::literal("*.example.com"), type};
    CHECK(shadows("sub.example.com", world_with({address}, {})));
  }
  CHECK_FALSE(shadows("_dmarc.example.com", world_with({mx}, {})));
  CHECK_FALSE(shadows("s1._domainkey.example.com", world_with({mx}, {})));
  // A TXT wildcard whose values were not read is a warning: no provider was queried.
  CHECK_FALSE(shadows("_dmarc.sub.example.com", world_with({txt}, {})));
  // RFC 4592 section 2.2 is about names, whatever the type: certificates, calls and tokens too.
  for (const RecordType type : {RecordType::CAA, RecordType::SRV, RecordType::TLSA,
                                static_cast<RecordType>(65), RecordType::Unknown}) {
    const RecordKey other{Name::literal("*.example.com"), type};
    CHECK(shadows("sub.example.com", world_with({other}, {})));
    CHECK_FALSE(shadows("_dmarc.example.com", world_with({other}, {})));
  }
  const RecordKey signature{Name::literal("*.example.com"), RecordType::RRSIG};
  CHECK_FALSE(shadows("sub.example.com", world_with({signature}, {})));
  // Another party's value is lost; a policy that the plan replaces there is not.
  World read = world_with({txt}, {txt});
  CHECK(shadows("sub.example.com", read));
  read.zones[0].sets[txt].set = parse_set(txt, {std::chrono::seconds(300), {"v=spf1 -all"}});
  CHECK_FALSE(shadows("sub.example.com", read));
  CHECK(shadows("_dmarc.sub.example.com", read));
  CHECK_FALSE(shadows("_dmarc.sub.example.com", world_with({}, {})));
  CHECK_FALSE(shadows("_dmarc.sub.example.com",
                      world_with({mx}, {{Name::literal("sub.example.com"), RecordType::A}})));
  CHECK_FALSE(shadows("_dmarc.sub.example.com",
                      world_with({mx}, {{Name::literal("www.sub.example.com"), RecordType::A}})));
  // Below a name that exists, the wildcard above that name answers for nothing.
  const World sub = world_with({mx}, {{Name::literal("sub.example.com"), RecordType::A}});
  CHECK_FALSE(shadows("_dmarc.a.sub.example.com", sub));
  const RecordKey deeper{Name::literal("*.sub.example.com"), RecordType::MX};
  CHECK(shadows("_dmarc.a.sub.example.com", world_with({mx, deeper}, {})));
}

TEST_CASE("a value that the host refuses fails before anything is written") {
  const World world = world_with({}, {});
  const auto codes = codes_for(create("x.example.com", std::string(256, 'a')), world);
  CHECK(std::ranges::find(codes, "txt-too-long") != codes.end());
  const auto fine = codes_for(create("x.example.com", std::string(255, 'a')), world);
  CHECK(std::ranges::find(fine, "txt-too-long") == fine.end());
}

// Z6: 60 to 86,400 seconds, as Cloudflare takes them.
TEST_CASE("a TTL that the host refuses fails before anything is written, a live one may stay") {
  World world = world_with({}, {});
  world.zones[0].limits = {.max_txt_octets = {},
                           .max_name_octets = 300,
                           .max_values = 2,
                           .min_ttl = std::chrono::seconds{60},
                           .max_ttl = std::chrono::seconds{86400}};
  const auto codes = [&](std::optional<int> before, int after) {
    Change change = create("x.example.com", "v=spf1 -all");
    change.set.after->set.ttl = std::chrono::seconds{after};
    if (before) {
      change.set.before = change.set.after;
      change.set.before->set.ttl = std::chrono::seconds{*before};
    }
    return codes_for(change, world);
  };
  const std::vector<std::string> refused{"ttl-out-of-range"};
  const std::vector<std::string> fine;
  CHECK(codes({}, 59) == refused);
  CHECK(codes({}, 1) == refused);
  CHECK(codes({}, 60) == fine);
  CHECK(codes({}, 86400) == fine);
  CHECK(codes({}, 86401) == refused);
  CHECK(codes(300, 30) == refused);
  CHECK(codes(30, 30) == fine);
}

TEST_CASE(
    "more values or octets at one name than the host takes are refused, fewer than now are not") {
  World world = world_with({}, {});
  world.zones[0].limits = {.max_txt_octets = {}, .max_name_octets = 300, .max_values = 2};
  const auto codes = [&](std::set<std::string> before, std::set<std::string> after) {
    Change change = create("x.example.com", "x");
    const auto side = [](std::set<std::string> values) {
      return TypedSet{RecordType::TXT, {std::chrono::seconds(300), std::move(values)}};
    };
    const std::optional<TypedSet> old = before.empty() ? std::nullopt : std::optional(side(before));
    change.set = parse_change({Name::literal("x.example.com"), old, side(std::move(after))});
    return codes_for(change, world);
  };
  const std::string half(150, 'a');
  CHECK(codes({}, {"a", "b"}).empty());
  CHECK(codes({"a", "b"}, {"a", "b", "c"}) == std::vector<std::string>{"too-many-values"});
  CHECK(codes({"a", "b", "c", "d"}, {"a", "b", "c"}).empty());
  CHECK(codes({}, {half, half + "b"}) == std::vector<std::string>{"txt-too-long"});
  CHECK(codes({half, half + "bcd"}, {half, half + "b"}).empty());
}

}  // namespace
}  // namespace rampart
