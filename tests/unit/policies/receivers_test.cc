/// What each kind of receiver does to failing mail, and what a change of DMARC becomes means to it.
#include "policies/dmarc/receiver_impact.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

dmarc::Record record(const std::string& tags) {
  const auto read = dmarc::parse("v=DMARC1; " + tags);
  REQUIRE(read);
  return *read;
}

/// What each kind of receiver does under `tags`, in the order of kReceivers.
Lines treatments(const std::string& tags, dmarc::Audience audience) {
  const dmarc::Record read = record(tags);
  Lines lines;
  for (const dmarc::Receiver receiver : dmarc::kReceivers) {
    lines.push_back(to_text(treatment(policy_for(read, audience, receiver), read, receiver)));
  }
  return lines;
}

void check_treatments(const std::string& tags, const Lines& expected,
                      dmarc::Audience audience = dmarc::Audience::Itself) {
  CAPTURE(tags);
  CHECK(treatments(tags, audience) == expected);
}

TEST_CASE("what a failing message gets, by kind of receiver") {
  const std::string tenth = "10% quarantine, 90% normal local filtering";
  const std::string tenth_rejected = "10% reject, 90% quarantine";
  const std::string quarantine = "100% quarantine";
  const std::string reject = "100% reject";
  check_treatments("p=quarantine; pct=10", {tenth, quarantine, quarantine});
  check_treatments("p=quarantine; pct=10; t=y", {tenth, "none", quarantine});
  check_treatments("p=quarantine; t=y", {quarantine, "none", quarantine});
  check_treatments("p=reject; pct=10", {tenth_rejected, reject, reject});
  check_treatments("p=reject; pct=10; t=y", {tenth_rejected, quarantine, reject});
  check_treatments("p=reject; t=y", {reject, quarantine, reject});
  check_treatments("p=reject; pct=0; t=y", {quarantine, quarantine, reject});
  check_treatments("p=none", {"none", "none", "none"});
  check_treatments("p=quarantine", {quarantine, quarantine, quarantine});
  check_treatments("p=reject", {reject, reject, reject});
}

TEST_CASE("the edges of pct and t") {
  check_treatments("p=quarantine; pct=0", {"none", "100% quarantine", "100% quarantine"});
  check_treatments("p=quarantine; pct=0; t=y", {"none", "none", "100% quarantine"});
  check_treatments("p=reject; pct=0", {"100% quarantine", "100% reject", "100% reject"});
  check_treatments("p=reject; pct=100", {"100% reject", "100% reject", "100% reject"});
  check_treatments("p=reject; pct=99; t=n",
                   {"99% reject, 1% quarantine", "100% reject", "100% reject"});
  check_treatments("p=none; pct=10; t=y", {"none", "none", "none"});
}

TEST_CASE("sub-domains go by sp, names that do not exist by np, which RFC 7489 does not know") {
  using dmarc::Audience;
  const Lines reject(3, "100% reject");
  const Lines quarantine(3, "100% quarantine");
  check_treatments("p=reject", reject, Audience::SubDomains);
  check_treatments("p=reject", reject, Audience::Missing);
  check_treatments("p=reject; sp=quarantine", quarantine, Audience::SubDomains);
  check_treatments("p=reject; sp=quarantine", quarantine, Audience::Missing);
  check_treatments("p=none; np=reject", {"none", "none", "none"}, Audience::SubDomains);
  check_treatments("p=none; np=reject", {"none", "100% reject", "100% reject"}, Audience::Missing);
  check_treatments("p=none; sp=quarantine; np=reject; t=y",
                   {"100% quarantine", "100% quarantine", "100% reject"}, Audience::Missing);
}

EffectivePolicy effective_policy(const std::string& tags) {
  return tags.empty() ? EffectivePolicy{} : EffectivePolicy::of(record(tags));
}

/// A step of the ramp as each receiver's line says it.
void check_step(const std::string& before, const std::string& after, const Lines& expected) {
  CAPTURE(before, after);
  Lines says;
  for (const ReceiverLine& line :
       receiver_lines(effective_policy(before), effective_policy(after))) {
    says.push_back(line.says);
    CHECK(line.is_new == (line.says.find("(before: ") != std::string::npos));
  }
  CHECK(says == expected);
}

TEST_CASE("every step of the standard ramp, in one line a kind of receiver") {
  const std::string none = "none, as before";
  check_step("", "p=none", {none, none, none});
  check_step("p=none", "p=quarantine; t=y; pct=10",
             {"10% quarantine, 90% normal local filtering (before: none)", none,
              "100% quarantine (before: none)"});
  check_step("p=quarantine; t=y; pct=10", "p=quarantine; t=y; pct=50",
             {"50% quarantine, 50% normal local filtering "
              "(before: 10% quarantine, 90% normal local filtering)",
              none, "100% quarantine, as before"});
  check_step("p=quarantine; t=y; pct=50", "p=quarantine",
             {"100% quarantine (before: 50% quarantine, 50% normal local filtering)",
              "100% quarantine (before: none)", "100% quarantine, as before"});
  check_step("p=quarantine", "p=reject; t=y; pct=10",
             {"10% reject, 90% quarantine (before: 100% quarantine)", "100% quarantine, as before",
              "100% reject (before: 100% quarantine)"});
  check_step("p=reject; t=y; pct=10", "p=reject; t=y; pct=50",
             {"50% reject, 50% quarantine (before: 10% reject, 90% quarantine)",
              "100% quarantine, as before", "100% reject, as before"});
  check_step("p=reject; t=y; pct=50", "p=reject",
             {"100% reject (before: 50% reject, 50% quarantine)",
              "100% reject (before: 100% quarantine)", "100% reject, as before"});
}

TEST_CASE("sub-domains are shown apart where they are treated otherwise") {
  check_step("p=none", "p=quarantine; sp=none",
             Lines(3, "100% quarantine (before: none); sub-domains: none, as before"));
  const std::string quarantine = "100% quarantine (before: none)";
  check_step("p=none", "p=quarantine; np=reject",
             {quarantine, quarantine + "; names that do not exist: 100% reject (before: none)",
              quarantine + "; names that do not exist: 100% reject (before: none)"});
  check_step("p=reject; sp=none", "p=reject; sp=reject",
             Lines(3, "100% reject, as before; sub-domains: 100% reject (before: none)"));
}

TEST_CASE("what keeps a BIMI logo away") {
  const std::pair<std::string, std::string> rows[] = {
      {"p=none", "p=none requests no enforcement"},
      {"p=quarantine; pct=99", "p=quarantine needs pct=100"},
      {"p=quarantine", ""},
      {"p=quarantine; pct=100", ""},
      {"p=quarantine; t=y", "t=y requests less than the policy"},
      {"p=reject", ""},
      {"p=reject; pct=10", ""},
      {"p=reject; pct=10; t=y", "t=y requests less than the policy"},
      {"p=reject; sp=none", "sp=none exempts sub-domains"},
      {"p=reject; sp=quarantine", ""},
  };
  for (const auto& [tags, expected] : rows) {
    CAPTURE(tags);
    CHECK(bimi_obstacle(record(tags)).value_or("") == expected);
  }
}

constexpr RecordType kTxt = RecordType::TXT;

std::optional<TypedSet> set_of(const std::string& tags) {
  if (tags.empty()) return std::nullopt;
  return TypedSet{kTxt, {std::chrono::seconds{300}, {"v=DMARC1; " + tags}}};
}

Change change(const std::string& domain, const std::string& before, const std::string& after) {
  return {Name::literal(domain),
          Name::literal("example.com"),
          "files",
          parse_change({Name::literal("_dmarc." + domain), set_of(before), set_of(after)}),
          Stage::Enforce,
          {"test"}};
}

/// The impact of one change in a zone where `rows` are live.
ReceiverImpact impact_of(const Change& changed, const Domain& domain, std::vector<Row> rows) {
  const auto before = changed.set.before;
  if (before) rows.push_back({changed.name().text(), kTxt, *before->set.values.begin()});
  World world = world_with({zone_with("example.com", rows)});
  answer(world, "_dmarc.com", {});
  Config config;
  config.domains.emplace(domain.name, domain);
  Plan plan;
  plan.changes = {changed};
  const auto impact = receiver_impact(plan, config, world);
  REQUIRE(impact.size() == 1);
  CHECK(impact[0].domain == changed.name().parent());
  return impact[0];
}

TEST_CASE("BIMI is mentioned where a logo is configured or live, and where it comes or goes") {
  const std::tuple<std::string, std::string, std::string> rows[] = {
      {"p=none", "p=quarantine; t=y; pct=10", ""},
      {"p=quarantine; t=y; pct=50", "p=quarantine", "its BIMI logo may be shown from now on"},
      {"p=quarantine", "p=reject; t=y; pct=10",
       "its BIMI logo is no longer shown: t=y requests less than the policy"},
      {"p=reject", "p=none", "its BIMI logo is no longer shown: p=none requests no enforcement"},
      {"p=reject", "", "its BIMI logo is no longer shown: no DMARC record governs it"},
  };
  for (const auto& [before, after, expected] : rows) {
    CAPTURE(before, after);
    Domain domain = domain_at("example.com", {Phase::Reject, 100});
    const Change changed = change("example.com", before, after);
    CHECK(impact_of(changed, domain, {}).bimi.empty());
    CHECK(impact_of(changed, domain,
                    {{"default._bimi.example.com", kTxt, "v=BIMI1; l=https://example.com/l.svg"}})
              .bimi == expected);
    domain.bimi = BimiSpec{};
    CHECK(impact_of(changed, domain, {}).bimi == expected);
  }
}

TEST_CASE("a sub-domain's first record is compared with what it inherits") {
  const Domain domain = domain_at("sub.example.com", {Phase::Reject, 100});
  const ReceiverImpact impact =
      impact_of(change("sub.example.com", "", "p=reject; sp=none"), domain,
                {{"_dmarc.example.com", kTxt, "v=DMARC1; p=none; sp=quarantine"}});
  for (const ReceiverLine& line : impact.lines) {
    CHECK(line.says == "100% reject (before: 100% quarantine)");
  }
}

TEST_CASE("a sub-domain that loses its record falls back to what it inherits") {
  const Domain domain = domain_at("sub.example.com", {Phase::Reject, 100});
  const ReceiverImpact impact = impact_of(change("sub.example.com", "p=reject", ""), domain,
                                          {{"_dmarc.example.com", kTxt, "v=DMARC1; p=reject"}});
  CHECK(impact.nothing_new());
}

}  // namespace
}  // namespace rampart
