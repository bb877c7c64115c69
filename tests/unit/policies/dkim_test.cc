/// What should be published at selectors: keys, CNAMEs, rotations, catalogue senders, and what else
/// is found there.
#include <catch2/catch.hpp>

#include "policies/dkim/dkim.h"
#include "policies/model/lookup.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

constexpr RecordType kTxt = RecordType::TXT;

// RSA keys of 512, 1024 and 2048 bits.
const std::string k512 =
    "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALsYBOLwBcqpZN8hlXKwZrzLpC4RDoSUdw8LJqhiyNVZ"
    "YJo4/Eab3cv6CGd4Og5evpO8AFKzCUbm2yO9bar4hCMCAwEAAQ==";
const std::string k1024 =
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC6UWQp4TyznN9kJ2Yoh6tLdRoM2OW0ezMHVz9/"
    "Bh5mt0dj98xX55urdTJ6V5dXuWw1BY+YbLhXE3C1lWXMXCGMB7bhVYPwm0JOHLnzQVf0GKV5N1LskoyjWNLnNA2grTdyX/"
    "Ypno09tfImaQ4MWPkRfqJkJgviNmdqN/GKvUj7mwIDAQAB";
const std::string kEd = "v=DKIM1; k=ed25519; p=FKQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";

Domain domain_with(std::vector<SelectorSpec> selectors) {
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.selectors = std::move(selectors);
  return domain;
}

SelectorSpec txt(const std::string& selector, const std::string& text) {
  return {.selector = selector, .txt = text, .mark = {}};
}

SelectorSpec cname(const std::string& selector, const std::string& target) {
  return {.selector = selector, .cname = target, .mark = {}};
}

SelectorSpec key_file(const std::string& selector, const std::string& path) {
  return {.selector = selector, .public_key = path, .mark = {}};
}

const World& empty_zone() {
  static const World world = world_with({zone_with("example.com", {})});
  return world;
}

TEST_CASE("declared keys are published, and checked by their bits") {
  const std::string at = "publish TXT s1._domainkey.example.com ";
  const std::tuple<std::string, Lines> rows[] = {
      {kEd, {}},
      {k1024, {"W dkim-key-short"}},
      {k512, {"E dkim-key-weak"}},
      {"v=DKIM1; p=", {}},
      {"v=DKIM1; p=AAAA", {"E dkim-key-invalid"}},
      {"v=DKIM2; p=", {"E dkim-key-invalid"}},
      {"hello", {"E dkim-key-invalid"}},
  };
  for (const auto& [text, codes] : rows) {
    INFO(text);
    const PolicyResult policy_result = dkim_policy(domain_with({txt("s1", text)}), empty_zone());
    CHECK(lines_of(policy_result) == Lines{at + text});
    CHECK(codes_of(policy_result.findings) == codes);
    for (const Finding& finding : policy_result.findings) {
      CHECK(finding.withholds.empty() == (finding.severity != Severity::Error));
    }
  }
}

TEST_CASE("a weak key that is live already is a warning") {
  const World world =
      world_with({zone_with("example.com", {{"s1._domainkey.example.com", kTxt, k512}})});
  CHECK(codes_of(dkim_policy(domain_with({txt("s1", k512)}), world).findings) ==
        Lines{"W dkim-key-weak"});
}

TEST_CASE("revoking a live key is a removal") {
  const World world =
      world_with({zone_with("example.com", {{"s1._domainkey.example.com", kTxt, kEd}})});
  CHECK(dkim_policy(domain_with({txt("s1", "p=")}), world).desired_records.front().stage ==
        Stage::Retire);
}

TEST_CASE("public keys come from the World, and a missing one withholds its selector alone") {
  World world = empty_zone();
  world.keys["keys/a.pub"] = {kEd, ""};
  world.keys["keys/b.pub"] = {"", "it holds no key"};
  const Domain domain = domain_with(
      {key_file("a", "keys/a.pub"), key_file("b", "keys/b.pub"), key_file("c", "keys/c.pub")});
  const PolicyResult policy_result = dkim_policy(domain, world);
  CHECK(lines_of(policy_result) == Lines{"publish TXT a._domainkey.example.com " + kEd});
  CHECK(codes_of(policy_result.findings) ==
        Lines{"E dkim-key-unreadable", "E dkim-key-unreadable"});
  CHECK(policy_result.findings[0].withholds ==
        std::vector<RecordKey>{{Name::literal("b._domainkey.example.com"), kTxt}});
}

TEST_CASE("rotations publish current and next, and hold what is past") {
  Domain domain = domain_with({});
  domain.rotations = {{.name = "office",
                       .sender = "mta",
                       .current = "c",
                       .next = "n",
                       .past = {"p1", "p2"},
                       .signing = {},
                       .mark = {}}};
  World world = world_with({zone_with("example.com", {{"p1._domainkey.example.com", kTxt, kEd}})});
  world.keys["keys/example.com/c.pub"] = {kEd, ""};
  world.keys["keys/example.com/n.pub"] = {kEd, ""};
  const PolicyResult policy_result = dkim_policy(domain, world);
  CHECK(lines_of(policy_result) == Lines{"publish TXT c._domainkey.example.com " + kEd,
                                         "publish TXT n._domainkey.example.com " + kEd});
  REQUIRE(policy_result.holds.size() == 1);
  CHECK(policy_result.holds.front().code == "no-evidence");
  CHECK(policy_result.findings.empty());
}

TEST_CASE("declared CNAMEs are published wherever they lead, and their targets are queried") {
  const Domain domain = domain_with({cname("s1", "s1.vendor.example")});
  World world = empty_zone();
  CHECK(dkim_policy(domain, world).unknown ==
        std::vector<Question>{{Name::literal("s1.vendor.example"), kTxt}});
  const auto codes = [&] {
    const PolicyResult policy_result = dkim_policy(domain, world);
    CHECK(lines_of(policy_result) ==
          Lines{"publish CNAME s1._domainkey.example.com s1.vendor.example"});
    return codes_of(policy_result.findings);
  };
  answer(world, "s1.vendor.example", {kEd});
  CHECK(codes().empty());
  answer(world, "s1.vendor.example", {"v=DKIM1; p="});
  CHECK(codes() == Lines{"W dkim-key-revoked"});
  answer(world, "s1.vendor.example", {k1024});
  CHECK(codes() == Lines{"W dkim-key-short"});
  answer(world, "s1.vendor.example", {k512});
  CHECK(codes() == Lines{"W dkim-key-weak"});
  answer(world, "s1.vendor.example", {"hello"});
  CHECK(codes() == Lines{"W dkim-unresolved"});
  // Nothing is published that certainly leads nowhere, unless it is live already. Who can take the
  // name shows at its registered domain.
  answer(world, "s1.vendor.example", {});
  CHECK(codes() == Lines{"E selector-dangling"});
  const Question vendor{Name::literal("vendor.example"), RecordType::NS};
  CHECK(dkim_policy(domain, world).unknown == std::vector<Question>{vendor});
  world.answers[vendor].status = AnswerStatus::NoData;
  CHECK(codes() == Lines{"E selector-dangling"});
  world.answers[vendor].status = AnswerStatus::NxDomain;
  CHECK(codes() == Lines{"E selector-dangling", "E takeover"});
  World live = world;
  live.zones = {zone_with("example.com",
                          {{"s1._domainkey.example.com", RecordType::CNAME, "s1.vendor.example"}})};
  CHECK(codes_of(dkim_policy(domain, live).findings) == Lines{"W selector-dangling", "W takeover"});
  world.answers.erase(vendor);
  world.answers.begin()->second.status = AnswerStatus::Failed;
  CHECK(codes() == Lines{"W dkim-unresolved"});
}

Sender sender_with(const std::string& id, std::vector<DkimTemplate> rows) {
  Sender sender;
  sender.id = id;
  sender.name = id;
  sender.dkim = std::move(rows);
  sender.dkim_kind = DkimKind::Cname;
  return sender;
}

SenderUse use_of(Sender sender, std::map<std::string, std::string> with = {}) {
  return {.sender = std::make_shared<const Sender>(std::move(sender)),
          .with = std::move(with),
          .retired = {},
          .mark = {}};
}

World resolving(const Lines& targets) {
  World world = empty_zone();
  for (const std::string& target : targets) answer(world, target, {kEd});
  return world;
}

TEST_CASE("a sender whose own key cannot be read does not lack one") {
  Domain domain = domain_with({});
  domain.senders = {{use_of(sender_with("vendor", {{"s1._domainkey", RecordType::TXT, ""}}))}};
  World world = empty_zone();
  const auto missing = [&] {
    return contains(codes_of(dkim_policy(domain, world).findings), "I dkim-missing");
  };
  CHECK(missing());
  const RecordKey key{Name::literal("s1._domainkey.example.com"), RecordType::TXT};
  world.zones[0].sets[key] = {LiveState::Unobservable, {}, "192.0.2.53:53: timeout"};
  CHECK_FALSE(missing());
}

TEST_CASE("catalogue CNAMEs are filled from the domain's values") {
  Domain domain = domain_with({});
  const Sender vendor = sender_with(
      "vendor", {{"s1._domainkey", RecordType::CNAME, "s1.u{user}.{domain_dashes}.vendor.example"},
                 {"s1._domainkey", RecordType::CNAME, "s1.old.{domain}.vendor.example"}});
  const World world =
      resolving({"s1.u7.example-com.vendor.example", "s1.old.example.com.vendor.example"});
  const std::string at = "publish CNAME s1._domainkey.example.com ";
  domain.senders = {{use_of(vendor, {{"user", "7"}})}};
  CHECK(lines_of(dkim_policy(domain, world)) == Lines{at + "s1.u7.example-com.vendor.example"});
  // Of alternatives, the first that can be filled.
  domain.senders = {{use_of(vendor)}};
  CHECK(lines_of(dkim_policy(domain, world)) == Lines{at + "s1.old.example.com.vendor.example"});
  domain.senders = {{use_of(sender_with("vendor", {vendor.dkim.front()}))}};
  const PolicyResult unfilled = dkim_policy(domain, world);
  CHECK(unfilled.desired_records.empty());
  CHECK(codes_of(unfilled.findings) == Lines{"I dkim-missing"});
}

TEST_CASE("the live target of another region or of an older account is kept") {
  Domain domain = domain_with({});
  Sender vendor = sender_with("vendor", {{"{t}._domainkey",
                                          RecordType::CNAME,
                                          "{t}.dkim.v.example",
                                          {"{t}.dkim.{region}.v.example", "{t}.old.v.example"}}});
  vendor.regions = {"eu-9"};
  const std::string at = "publish CNAME a._domainkey.example.com ";
  const auto wanted = [&](const std::string& live, const std::map<std::string, std::string>& with) {
    domain.senders = {{use_of(vendor, with)}};
    World world = resolving({"a.dkim.v.example", "a.dkim.eu-9.v.example", "a.old.v.example"});
    const RecordKey key{Name::literal("a._domainkey.example.com"), RecordType::CNAME};
    if (!live.empty()) {
      world.zones[0].sets[key] = {LiveState::Present, parse_set(key, {.ttl = {}, .values = {live}}),
                                  ""};
    }
    return lines_of(dkim_policy(domain, world));
  };
  CHECK(wanted("", {{"t", "a"}}) == Lines{at + "a.dkim.v.example"});
  CHECK(wanted("a.dkim.eu-9.v.example", {{"t", "a"}}) == Lines{at + "a.dkim.eu-9.v.example"});
  CHECK(wanted("a.old.v.example", {{"t", "a"}}) == Lines{at + "a.old.v.example"});
  CHECK(wanted("b.old.v.example", {{"t", "a"}}) == Lines{at + "a.dkim.v.example"});
  CHECK(wanted("a.dkim.us-1.v.example", {{"t", "a"}}) == Lines{at + "a.dkim.v.example"});
  // The YAML's own word for the region counts more than what is live.
  const std::map<std::string, std::string> there{{"t", "a"}, {"region", "eu-9"}};
  CHECK(wanted("", there) == Lines{at + "a.dkim.eu-9.v.example"});
  CHECK(wanted("a.dkim.v.example", there) == Lines{at + "a.dkim.eu-9.v.example"});
}

TEST_CASE("two senders at one selector") {
  Domain domain = domain_with({});
  const Sender one = sender_with("one", {{"k1._domainkey", RecordType::CNAME, "a.example"}});
  const Sender two = sender_with("two", {{"k1._domainkey", RecordType::CNAME, "b.example"}});
  const World world = resolving({"a.example", "b.example"});
  domain.senders = {{use_of(one), use_of(two)}};
  const PolicyResult policy_result = dkim_policy(domain, world);
  CHECK(policy_result.desired_records.empty());
  CHECK(codes_of(policy_result.findings) == Lines{"E selector-conflict"});
  CHECK(policy_result.findings.front().withholds.size() == 1);
  // The same target is no conflict, and the YAML's own word settles one.
  domain.senders = {{use_of(one), use_of(one)}};
  CHECK(dkim_policy(domain, world).findings.empty());
  CHECK(dkim_policy(domain, world).desired_records.size() == 1);
  // A key as TXT is another than what a CNAME leads to, and two services never share one.
  const Sender three = sender_with("three", {{"k1._domainkey", RecordType::TXT, ""}});
  const Sender four = sender_with("four", {{"k1._domainkey", RecordType::TXT, ""}});
  for (const Sender& other : {one, four}) {
    domain.senders = {{use_of(three), use_of(other)}};
    CHECK(dkim_policy(domain, world).desired_records.empty());
    CHECK(codes_of(dkim_policy(domain, world).findings).front() == "E selector-conflict");
  }
  domain.senders = {{use_of(three), use_of(three)}};
  CHECK(codes_of(dkim_policy(domain, world).findings).front() == "I dkim-missing");
  domain.senders = {{use_of(one), use_of(two)}};
  domain.selectors = {cname("k1", "b.example")};
  CHECK(lines_of(dkim_policy(domain, world)) ==
        Lines{"publish CNAME k1._domainkey.example.com b.example"});
  CHECK(dkim_policy(domain, world).findings.empty());
}

TEST_CASE("a sender whose key comes from the vendor is named until its key is declared") {
  Domain domain = domain_with({});
  Sender google = sender_with("google", {{"google._domainkey", kTxt, ""}});
  google.dkim_kind = DkimKind::Txt;
  google.selectors = {"google"};
  domain.senders = {{use_of(google)}};
  CHECK(codes_of(dkim_policy(domain, empty_zone()).findings) == Lines{"I dkim-missing"});
  domain.selectors = {txt("google", kEd)};
  CHECK(dkim_policy(domain, empty_zone()).findings.empty());
  domain.selectors.clear();
  const World live =
      world_with({zone_with("example.com", {{"google._domainkey.example.com", kTxt, kEd}})});
  CHECK(codes_of(dkim_policy(domain, live).findings) == Lines{"I selector-undeclared"});
  Sender own = sender_with("mta", {});
  own.dkim_kind = DkimKind::Self;
  domain.senders = {{use_of(own)}};
  CHECK(codes_of(dkim_policy(domain, empty_zone()).findings) == Lines{"I dkim-missing"});
}

TEST_CASE("undeclared selectors of a whole zone listing are reported") {
  const std::vector<Row> rows = {
      {"s1._domainkey.example.com", kTxt, kEd},
      {"old._domainkey.example.com", kTxt, kEd},
      {"gone._domainkey.example.com", RecordType::CNAME, "gone.vendor.example"},
      {"x._domainkey.sub.example.com", kTxt, kEd},
      {"note._domainkey.example.com", kTxt, "hello"},
      {"revoked._domainkey.example.com", kTxt, "v=DKIM1; p="},
      {"www.example.com", RecordType::CNAME, "host.example"},
  };
  World world = world_with({zone_with("example.com", rows)});
  const Domain domain = domain_with({txt("s1", kEd)});
  CHECK(dkim_policy(domain, world).unknown ==
        std::vector<Question>{{Name::literal("gone.vendor.example"), kTxt}});
  answer(world, "gone.vendor.example", {});
  CHECK(codes_of(dkim_policy(domain, world).findings) ==
        Lines{"W selector-dangling", "I selector-undeclared"});
  answer(world, "gone.vendor.example", {kEd});
  CHECK(codes_of(dkim_policy(domain, world).findings) ==
        Lines{"I selector-undeclared", "I selector-undeclared"});
  world.zones[0].complete = false;
  CHECK(dkim_policy(domain, world).findings.empty());
}

TEST_CASE("below phase dkim, selectors are not managed") {
  Domain domain = domain_with({txt("s1", "hello")});
  domain.dmarc.position.phase = Phase::Spf;
  CHECK(dkim_policy(domain, empty_zone()).desired_records.empty());
  CHECK(dkim_policy(domain, empty_zone()).findings.empty());
}

}  // namespace
}  // namespace rampart
