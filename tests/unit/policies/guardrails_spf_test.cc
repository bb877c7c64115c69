/// The guardrails on SPF: a fault that the plan creates or worsens is an Error, one that exists
/// already is a Warning.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "policies/guardrails/spf.h"
#include "policies/spf/compare.h"
#include "policies/spf/record.h"
#include "tests/unit/policies/spf_change.h"

namespace rampart {
namespace {

std::string repeated(const std::string& prefix, int count, const std::string& end) {
  std::string text = "v=spf1";
  for (int i = 0; i < count; ++i) text += " " + prefix + std::to_string(i) + ".example";
  return text + " " + end;
}

TEST_CASE("+all is never written") {
  check(spf_all, {}, "v=spf1 +all", {"error spf-all"});
  check(spf_all, {"v=spf1 ~all"}, "v=spf1 mx all", {"error spf-all"});
  check(spf_all, {"v=spf1 all"}, "v=spf1 all", {"warning spf-all"});
  check(spf_all, {"v=spf1 all"}, "v=spf1 a all", {"warning spf-all"});
  check(spf_all, {"v=spf1 all"}, "v=spf1 ~all", {});
}

TEST_CASE("wide networks are never added unseen") {
  check(spf_wide, {}, "v=spf1 ip4:20.0.0.0/15 ~all", {"error spf-wide"});
  check(spf_wide, {}, "v=spf1 ip4:20.0.0.0/16 ~all", {});
  check(spf_wide, {"v=spf1 ip4:20.0.0.0/8 ~all"}, "v=spf1 ip4:20.0.0.0/8 a ~all",
        {"warning spf-broad"});
  check(spf_wide, {"v=spf1 ip4:20.0.0.0/15 ~all"}, "v=spf1 ip4:20.0.0.0/15 ~all",
        {"warning spf-broad"});
  check(spf_wide, {}, "v=spf1 include:wide.example ~all", {"error spf-wide"});
  check(spf_wide, {}, "v=spf1 ip6:2000::/16 ~all", {"error spf-wide"});
  check(spf_wide, {}, "v=spf1 ip6:2001:db8::/32 ~all", {});
  check(spf_wide, {}, "v=spf1 redirect=wide.example", {"error spf-wide"});
  // A sender of the catalogue is not counted, in the form of its networks either.
  const std::string flat = "v=spf1 ip4:198.51.100.0/24 ip4:20.64.0.0/14 ~all";
  check(spf_wide, {}, "v=spf1 include:_spf.suite.example ~all", {});
  check(spf_wide, {"v=spf1 include:_spf.suite.example ~all"}, flat, {"warning spf-broad"});
  check(spf_wide, {"v=spf1 ~all"}, flat, {"error spf-wide"});
}

TEST_CASE("terms after `all` count neither before nor after the plan") {
  const std::string dead = "v=spf1 ip4:192.0.2.1 ~all include:gone.example";
  check(spf_unresolved, {dead}, dead, {});
  check(spf_removed, {dead}, "v=spf1 ip4:192.0.2.1 ~all", {});
  // Of several records the terms of all count, though each has an `all` of its own.
  check(spf_removed, {"v=spf1 ip4:198.51.100.1 ~all", "v=spf1 ip4:198.51.100.2 ~all"},
        "v=spf1 ip4:198.51.100.1 ~all", {"warning spf-term-removed"});
}

TEST_CASE("what an include makes of the record is looked at, however deep it is") {
  const auto wide = [](const std::string& term, const std::vector<std::string>& expected) {
    // Added by the plan, and live already.
    check(authority_wide, {"v=spf1 ~all"}, "v=spf1 " + term + " ~all", expected);
    std::vector<std::string> live;
    for (const std::string& one : expected) live.push_back("warning" + one.substr(one.find(' ')));
    check(authority_wide, {"v=spf1 " + term + " ~all"}, "v=spf1 " + term + " ~all", live);
    check(authority_wide, {"v=spf1 " + term + " ~all"}, "v=spf1 a " + term + " ~all", live);
    check(authority_wide, {"v=spf1 " + term + " ~all"}, "v=spf1 ~all", {});
  };
  for (const char* term : {"all", "deep", "halves", "all6", "seven", "big6", "fixed"}) {
    wide(fmt::format("include:{}.example", term), {"error authority-wide"});
  }
  // Who passes is not known, which is no reason to refuse what the YAML declares.
  for (const char* term : {"include:macro.example", "include:names.example",
                           "exists:%{i}.m.example", "include:%{i}.m.example", "a:%{i}.m.example"}) {
    wide(term, {"warning authority-wide"});
  }
  wide("redirect=all.example", {});  // Behind `all` it counts for nobody.
  for (const char* term : {"include:never.example", "-include:all.example",
                           "?include:macro.example", "include:wide.example", "include:esp.example",
                           "include:gone.example", "ip4:192.0.2.0/24"}) {
    wide(term, {});
  }
  check(authority_wide, {}, "v=spf1 redirect=all.example", {"error authority-wide"});
  check(authority_wide, {}, "v=spf1 redirect=macro.example", {"warning authority-wide"});
  // What a reader sees in the record has codes of its own.
  check(authority_wide, {}, "v=spf1 +all", {});
  check(authority_wide, {}, "v=spf1 ptr ~all", {});
  // From macros to everybody is worse; another address beside a /7 is not.
  check(authority_wide, {"v=spf1 include:macro.example ~all"}, "v=spf1 include:all.example ~all",
        {"error authority-wide"});
  check(authority_wide, {"v=spf1 include:seven.example ~all"},
        "v=spf1 include:seven.example ip4:192.0.2.1 ~all", {"warning authority-wide"});
}

TEST_CASE("the finding names the record that lets everybody pass") {
  const auto found = findings_of(
      authority_wide, {{"v=spf1 include:deep.example ~all"}, "v=spf1 include:deep.example ~all"});
  REQUIRE(found.size() == 1);
  CHECK(found[0].message ==
        "everybody may send as example.com, by `include:deep.example`: all.example publishes "
        "`v=spf1 +all`");
}

TEST_CASE("no include is blamed for an IPv6 network that lets everybody pass") {
  const std::string record = "v=spf1 include:esp.example include:all6.example ~all";
  const auto found = findings_of(authority_wide, {{record}, record});
  REQUIRE(found.size() == 1);
  CHECK(found[0].message == "everybody may send as example.com");
}

TEST_CASE("macros of a declared catalogue sender are no reason to refuse it") {
  const auto declared = [](const char* term, const char* expected) {
    Change1 item{{"v=spf1 ~all"}, std::string("v=spf1 ") + term + " ~all"};
    item.edit = [&](Domain& domain) {
      Sender sender{.id = "macros", .name = "Macros", .spf = {term}, .builtin = true};
      SenderUse use;
      use.sender = std::make_shared<const Sender>(sender);
      use.mark = {"domains.yaml", 7, 9};
      domain.senders->push_back(use);
    };
    const auto found = findings_of(authority_wide, item);
    REQUIRE(found.size() == 1);
    CHECK(std::string(to_text(found[0].severity)) == expected);
    if (found[0].severity != Severity::Error) CHECK(found[0].mark.line == 7);
  };
  declared("exists:%{i}.m.example", "info");
  declared("include:macro.example", "warning");
  declared("include:all.example", "error");
}

TEST_CASE("ptr is not added") {
  check(spf_ptr, {}, "v=spf1 ptr ~all", {"error spf-ptr"});
  check(spf_ptr, {"v=spf1 ptr ~all"}, "v=spf1 ptr mx ~all", {"warning spf-ptr"});
  check(spf_ptr, {"v=spf1 ptr ~all"}, "v=spf1 ~all", {});
}

TEST_CASE("more than ten lookups are never created or worsened") {
  check(spf_lookups, {}, repeated("a:h", 7, "~all"), {});
  check(spf_lookups, {}, repeated("a:h", 8, "~all"), {"warning spf-lookups-near"});
  check(spf_lookups, {}, repeated("a:h", 10, "~all"), {"warning spf-lookups-near"});
  check(spf_lookups, {}, repeated("a:h", 11, "~all"), {"error spf-lookups"});
  check(spf_lookups, {repeated("a:h", 14, "~all")}, repeated("a:h", 12, "~all"),
        {"warning spf-lookups"});
  check(spf_lookups, {repeated("a:h", 14, "~all")}, repeated("a:h", 14, "~all"),
        {"warning spf-lookups"});
  check(spf_lookups, {repeated("a:h", 11, "~all")}, repeated("a:h", 12, "~all"),
        {"error spf-lookups"});
  // Nested includes count each: three.example costs 3.
  check(spf_lookups, {}, repeated("a:h", 8, "include:three.example ~all"), {"error spf-lookups"});
  check(spf_lookups, {}, repeated("a:h", 7, "include:three.example ~all"),
        {"warning spf-lookups-near"});
}

TEST_CASE("an include that cannot be resolved counts as the catalogue knows it") {
  World world = world_with({});
  Config config;
  config.senders = test_senders();
  const Domain domain = spf_domain({using_sender("suite")});
  config.domains.emplace(domain.name, domain);
  Plan plan;
  plan.domains = {domain.name};
  const std::string after = repeated("a:h", 7, "include:_spf.suite.example ~all");
  plan.changes = {
      {domain.name,
       domain.name,
       "files",
       parse_change({domain.name, std::nullopt, TypedSet{RecordType::TXT, {.values = {after}}}}),
       Stage::Authorize,
       {}}};
  world.answers[{Name::literal("_spf.suite.example"), RecordType::TXT}] = {
      .status = AnswerStatus::Failed, .values = {}, .cnames = {}, .detail = "no answer"};
  const auto lookups = spf_lookups(plan, config, world);
  REQUIRE(lookups.size() == 1);
  CHECK(lookups[0].code == "spf-lookups");
  CHECK(lookups[0].message.find("11 DNS lookups") != std::string::npos);
  const auto unresolved = spf_unresolved(plan, config, world);
  REQUIRE(unresolved.size() == 1);
  CHECK(unresolved[0].severity == Severity::Warning);
  CHECK(unresolved[0].message.find("counted as 4 lookups") != std::string::npos);
}

TEST_CASE("a dead include is not added, and stays a warning where it is live") {
  // RFC 7208 section 5.2: the check ends in permerror, for every sender behind it.
  const std::string dead = "v=spf1 include:gone.example ~all";
  check(spf_unresolved, {}, dead, {"error spf-unresolved"});
  check(spf_unresolved, {}, "v=spf1 redirect=gone.example", {"error spf-unresolved"});
  check(spf_unresolved, {dead}, dead, {"warning spf-unresolved"});
  check(spf_unresolved, {dead}, "v=spf1 a:here.example include:gone.example ~all",
        {"warning spf-unresolved"});
  check(spf_unresolved, {dead}, "v=spf1 include:gone.example include:none.example ~all",
        {"warning spf-unresolved", "error spf-unresolved"});
  // A host and no SPF record: what the catalogue row of a vendor had wrong.
  check(spf_unresolved, {}, "v=spf1 include:here.example ~all", {"error spf-unresolved"});
  check(spf_unresolved, {}, "v=spf1 include:broken.example ~all", {"error spf-unresolved"});
  // No answer is not "does not exist".
  check(spf_unresolved, {}, "v=spf1 include:slow.example ~all", {"warning spf-unresolved"});
  check(spf_unresolved, {}, "v=spf1 include:one.example ~all", {});
  check(spf_unresolved, {}, "v=spf1 include:%{i}.example.net ~all", {});
  check(spf_voids, {}, repeated("include:gone", 4, "~all"), {});
}

TEST_CASE("a third void lookup is not created") {
  check(spf_voids, {}, repeated("a:gone", 2, "~all"), {});
  check(spf_voids, {}, repeated("a:gone", 2, "a:here.example ~all"), {});
  check(spf_voids, {}, repeated("a:gone", 3, "~all"), {"error spf-voids"});
  check(spf_voids, {}, repeated("mx:gone", 3, "~all"), {"error spf-voids"});
  check(spf_voids, {repeated("a:gone", 4, "~all")}, repeated("a:gone", 3, "~all"),
        {"warning spf-voids"});
}

TEST_CASE("a record that outgrows a UDP answer is not written") {
  const std::string filler(460, 'x');
  const std::string networks = repeated("ip4:192.0.2.0/24 a:host-with-a-name", 12, "~all");
  check(spf_length, {}, "v=spf1 ~all", {});
  check(spf_length, {}, networks, {"error spf-length"});
  check(spf_length, {networks}, networks, {"warning spf-length"});
  CHECK(outcome(spf_length, {{"v=spf1 ~all", filler}, "v=spf1 ~all"}) == Texts{});
}

TEST_CASE("a declared sender is not lost, an undeclared one is named") {
  const auto declaring = [](const char* id, SpfUse use, std::optional<Date> retired) {
    return [=](Domain& domain) {
      domain.senders->push_back(using_sender(id));
      domain.senders->back().spf = use;
      domain.senders->back().retired = retired;
    };
  };
  const std::vector<std::string> live = {"v=spf1 ip4:192.0.2.0/28 include:esp.example ~all"};
  const std::string after = "v=spf1 ip4:192.0.2.0/28 ~all";
  CHECK(outcome(spf_removed, {live, after, declaring("esp", SpfUse::Always, std::nullopt)}) ==
        Texts{"error spf-sender-removed"});
  // Its mail bounces to its own domain: the term never helped here.
  CHECK(outcome(spf_removed, {live, after, declaring("esp", SpfUse::Auto, std::nullopt)}).empty());
  CHECK(outcome(spf_removed, {live, after, declaring("esp", SpfUse::Never, std::nullopt)}).empty());
  CHECK(outcome(spf_removed, {live, after, declaring("esp", SpfUse::Auto, kToday)}).empty());
  CHECK(outcome(spf_removed, {live, after, declaring("esp", SpfUse::Always, kToday)}).empty());
  CHECK(outcome(spf_removed,
                {live, after, declaring("esp", SpfUse::Always, kToday + std::chrono::days(1))}) ==
        Texts{"error spf-sender-removed"});
  check(spf_removed, live, after, {"warning spf-term-removed"});
  check(spf_removed, {"v=spf1 ip4:192.0.2.0/28 ~all"}, "v=spf1 ip4:192.0.2.0/29 ~all",
        {"error spf-sender-removed"});
  check(spf_removed, {"v=spf1 ip4:192.0.2.0/24 ~all"}, "v=spf1 ip4:192.0.2.0/25 ~all",
        {"warning spf-term-removed"});
  check(spf_removed, {"v=spf1 ip4:192.0.2.0/28 ~all"}, "v=spf1 ip4:192.0.2.0/24 ~all", {});
  check(spf_removed, {"v=spf1 include:one.example ~all"}, "v=spf1 ip4:198.51.100.1 ~all", {});
  const auto found = findings_of(spf_removed, {live, after});
  CHECK(found.at(0).message.find("Bulk Mailer") != std::string::npos);
}

TEST_CASE("what a change gives and takes is shown by address") {
  const auto check_delta = [](const std::string& before, const std::string& after,
                              const Texts& gains, const Texts& loses) {
    const Name domain = Name::literal("example.com");
    const auto a = spf::parse(before).value();
    const auto b = spf::parse(after).value();
    spf::TestZone zone(kZone);
    Answers answers = spf::answers_for_tree(zone, domain, a);
    answers.merge(spf::answers_for_tree(zone, domain, b));
    CAPTURE(before, after);
    const auto view_a = spf_view(domain, a, answers), view_b = spf_view(domain, b, answers);
    const auto as_texts = [](const std::vector<Permission>& permissions) {
      Texts texts;
      for (const Permission& permission : permissions) texts.push_back(permission.text());
      return texts;
    };
    const SpfDelta forth = compare_spf(domain, view_a, view_b);
    CHECK(as_texts(forth.gains) == gains);
    CHECK(as_texts(forth.loses) == loses);
    CHECK(compare_spf(domain, view_b, view_a) == SpfDelta{forth.loses, forth.gains});
  };
  check_delta("v=spf1 ~all", "v=spf1 ip4:192.0.2.0/28 ~all", {"ip4:192.0.2.0/28"}, {});
  check_delta("v=spf1 ip4:192.0.2.0/29", "v=spf1 ip4:192.0.2.0/28", {"ip4:192.0.2.8/29"}, {});
  check_delta("v=spf1 include:one.example", "v=spf1 ip4:198.51.100.1", {}, {});
  check_delta("v=spf1 include:three.example", "v=spf1 ip4:198.51.100.1", {},
              {"include:three.example"});
  check_delta("v=spf1 a", "v=spf1 exists:%{i}.example.net", {"exists:%{i}.example.net"}, {});
  check_delta("v=spf1 ip4:192.0.2.0/28 -all", "v=spf1 ip4:192.0.2.0/28 ~all", {}, {});
  check_delta("v=spf1 ?include:one.example ~all", "v=spf1 include:one.example ~all",
              {"include:one.example"}, {});
}

}  // namespace
}  // namespace rampart
