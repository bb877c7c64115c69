/// Impact: the window's mail evaluated again under the plan.
#include "policies/dmarc/impact.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using std::chrono::days;

constexpr RecordType kTxt = RecordType::TXT;
const Date kToday = *parse_date("2026-11-21");
const Date kDay = *parse_date("2026-11-10");  // Within the last 14 days but three.
const Name kDomain = Name::literal("example.com");

const std::string kKey = "v=DKIM1; k=ed25519; p=FKQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";
const std::string kOther = "v=DKIM1; k=ed25519; p=AAQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";
const std::string kRevoked = "v=DKIM1; p=";

EvidenceRow row(const std::string& source, DmarcOutcome outcome, std::int64_t messages,
                std::vector<std::string> selectors = {}, Date day = kDay) {
  return {.day = day,
          .policy_domain = kDomain,
          .header_from = kDomain,
          .reporter = "google.com",
          .source = source,
          .outcome = outcome,
          .selectors = std::move(selectors),
          .selectors_reported = true,
          .messages = messages};
}

Authority authority(const std::vector<std::string>& gains, const std::vector<std::string>& loses) {
  Authority row{kDomain, {}, {}};
  for (const std::string& text : gains) row.gains.push_back(Permission::parse(text));
  for (const std::string& text : loses) row.loses.push_back(Permission::parse(text));
  return row;
}

std::optional<TypedSet> set_of(const std::string& value) {
  if (value.empty()) return std::nullopt;
  return TypedSet{kTxt, {std::chrono::seconds{300}, {value}}};
}

Change change(const std::string& name, const std::string& before, const std::string& after) {
  return {kDomain,        kDomain,
          "files",        parse_change({Name::literal(name), set_of(before), set_of(after)}),
          Stage::Enforce, {"test"}};
}

Change dmarc(const std::string& before, const std::string& after) {
  return change("_dmarc.example.com", before.empty() ? "" : "v=DMARC1; " + before,
                after.empty() ? "" : "v=DMARC1; " + after);
}

/// A plan over example.com, which declares `google` and `office`, and its evidence.
struct Case {
  Plan plan;
  Config config;
  World world;
  std::vector<Authority> authority;

  Case(std::vector<Change> changes, std::vector<EvidenceRow> rows) {
    plan.changes = std::move(changes);
    Domain domain = domain_at("example.com", {Phase::Quarantine, 10});
    domain.senders = {use("google", {"include:_spf.google.com"}), use("office", {"ip4:192.0.2.9"})};
    config.domains.emplace(kDomain, domain);
    config.senders["old_esp"] = sender("old_esp", {"include:spf.old.example"});
    std::vector<Row> live;
    for (const Change& one : plan.changes) {
      if (one.set.before) {
        live.push_back({one.name().text(), kTxt, one.set.before->set.values.begin()->text()});
      }
    }
    world = world_with({zone_with("example.com", live)});
    answer(world, "_dmarc.com", {});
    world.now = kToday;
    world.evidence = Evidence{.newest = Time(kToday - days(1)), .rows = std::move(rows)};
    const auto order = [](const EvidenceRow& one) { return std::tie(one.policy_domain, one.day); };
    std::ranges::sort(world.evidence->rows, {}, order);
  }

  static std::shared_ptr<const Sender> sender(const std::string& id, std::vector<std::string> spf) {
    Sender one;
    one.id = id;
    one.spf = std::move(spf);
    return std::make_shared<const Sender>(one);
  }

  static SenderUse use(const std::string& id, std::vector<std::string> spf) {
    return {.sender = sender(id, std::move(spf)), .with = {}, .retired = {}, .mark = {}};
  }

  Impacts run() const { return impact_of(plan, authority, config, world); }

  Impact only() const {
    const Impacts impacts = run();
    REQUIRE(impacts.known.size() == 1);
    CHECK(impacts.unknown.empty());
    return impacts.known[0];
  }
};

std::vector<EvidenceRow> a_fortnight() {
  return {row("google", DmarcOutcome::Both, 18'000, {"s1"}),
          row("office", DmarcOutcome::SpfOnly, 94), row("ip:198.51.100.1", DmarcOutcome::Fail, 60),
          row("ip:198.51.100.2", DmarcOutcome::Fail, 40),
          row("ptr:bad.example", DmarcOutcome::Fail, 10)};
}

TEST_CASE("a first step counts the share that the stricter generation hits") {
  const Impact impact = Case({dmarc("p=none", "p=quarantine; t=y; pct=10")}, a_fortnight()).only();
  CHECK(sentence(impact) ==
        "18,204 messages: 18,094 pass before and after; 11 would be quarantined, all from 3 "
        "undeclared sources; none from declared senders");
  CHECK(impact.window_days == 14);
  CHECK(to_text(impact.from) == "2026-11-04");
  CHECK(impact.receiver == dmarc::Receiver::HonoursPct);
  CHECK(impact.worst_quarantined == 110);
  CHECK(impact.worst_rejected == 0);
  CHECK(impact.notes.empty());
}

/// (quarantined, rejected) of 110 failing messages by the stricter generation, and its name.
void check_hits(const std::string& after, std::int64_t quarantined, std::int64_t rejected,
                dmarc::Receiver receiver) {
  CAPTURE(after);
  const Impact impact = Case({dmarc("", after)}, a_fortnight()).only();
  CHECK(impact.quarantined == quarantined);
  CHECK(impact.rejected == rejected);
  CHECK(impact.receiver == receiver);
}

TEST_CASE("whose treatment is counted") {
  using enum dmarc::Receiver;
  check_hits("p=quarantine; pct=10", 110, 0, HonoursTesting);
  check_hits("p=quarantine; t=y", 110, 0, HonoursPct);
  check_hits("p=quarantine", 110, 0, HonoursPct);
  check_hits("p=reject; pct=10; t=y", 99, 11, HonoursPct);
  check_hits("p=reject; pct=10", 0, 110, HonoursTesting);
  check_hits("p=reject; pct=0; t=y", 110, 0, HonoursPct);
  check_hits("p=reject", 0, 110, HonoursPct);
  check_hits("p=none; sp=reject", 0, 0, HonoursPct);
}

TEST_CASE("forwarded mail counts as hit, and declared senders are named") {
  const Impact impact =
      Case({dmarc("p=none", "p=reject")},
           {row("google", DmarcOutcome::Forwarded, 7), row("google", DmarcOutcome::DkimOnly, 93),
            row("ip:198.51.100.1", DmarcOutcome::Fail, 5)})
          .only();
  CHECK(sentence(impact) ==
        "105 messages: 93 pass before and after; 12 would be rejected, 5 of them from 1 undeclared "
        "source; 7 from declared senders (google: 7)");
}

TEST_CASE("a key that goes takes the mail that passes by it alone") {
  const std::string at = "s1._domainkey.example.com";
  const auto lost = [&](const std::string& before, const std::string& after) {
    Case one({change(at, before, after)}, {row("google", DmarcOutcome::DkimOnly, 10, {"s1"}),
                                           row("google", DmarcOutcome::Both, 20, {"s1"}),
                                           row("google", DmarcOutcome::DkimOnly, 30, {"s1", "s2"}),
                                           row("google", DmarcOutcome::DkimOnly, 40, {"s2"}),
                                           row("google", DmarcOutcome::DkimOnly, 50)});
    one.config.domains.at(kDomain).dmarc.position = {Phase::Reject, 100};
    const RecordKey key{Name::literal("_dmarc.example.com"), kTxt};
    one.world.zones[0].sets[key] = {
        LiveState::Present, parse_set(key, {std::chrono::seconds{300}, {"v=DMARC1; p=reject"}}),
        ""};
    return one.run();
  };
  for (const std::string& after : {std::string(), kRevoked, kOther}) {
    CAPTURE(after);
    const Impacts impacts = lost(kKey, after);
    REQUIRE(impacts.known.size() == 1);
    CHECK(sentence(impacts.known[0]) ==
          "150 messages: 140 pass before and after, 10 no longer pass; 10 would be rejected; 10 "
          "from declared senders (google: 10)");
    CHECK(impacts.known[0].notes ==
          std::vector<std::string>{"50 of the messages pass by DKIM in reports that state no "
                                   "selector; they are assumed to keep passing"});
  }
  CHECK(lost(kRevoked, "").known.empty());
  CHECK(lost("", kKey).known.empty());
  CHECK(lost("v=DKIM1; " + kKey.substr(9), kKey + ";").known.empty());
}

TEST_CASE("a dropped sender loses SPF, and so do the addresses that its terms admitted") {
  Case one(
      {dmarc("p=none", "p=quarantine")},
      {row("old_esp", DmarcOutcome::SpfOnly, 10), row("old_esp", DmarcOutcome::Both, 5, {"s1"}),
       row("ip:192.0.2.7", DmarcOutcome::SpfOnly, 3),
       row("ip:192.0.2.77", DmarcOutcome::SpfOnly, 4), row("office", DmarcOutcome::SpfOnly, 2)});
  one.authority = {authority({}, {"include:spf.old.example", "ip4:192.0.2.0/28", "key sha256:1"})};
  const Impact impact = one.only();
  CHECK(sentence(impact) ==
        "24 messages: 11 pass before and after, 13 no longer pass; 13 would be quarantined, all "
        "from 2 undeclared sources; none from declared senders");
}

TEST_CASE("what another term still admits is not lost") {
  Case one({change("example.com", "v=spf1 +all", "v=spf1 ip4:192.0.2.0/24 ~all")},
           {row("ip:192.0.2.7", DmarcOutcome::SpfOnly, 3),
            row("ip:198.51.100.1", DmarcOutcome::SpfOnly, 4)});
  one.authority = {authority({"ip4:192.0.2.0/24"}, {"all"})};
  const Impact impact = one.only();
  CHECK(impact.pass_before == 7);
  CHECK(impact.pass_after == 3);
}

TEST_CASE("a declared sender that needs no term here passes on without it") {
  Case one({}, {row("google", DmarcOutcome::SpfOnly, 10)});
  one.authority = {authority({}, {"include:_spf.google.com"})};
  one.config.domains.at(kDomain).senders->front().spf = SpfUse::Never;
  CHECK(one.run().known.empty());
  one.config.domains.at(kDomain).senders->front().spf = SpfUse::Always;
  CHECK(one.only().pass_after == 0);
}

TEST_CASE("only the window counts, to the day; an empty one gives way to that of low volume") {
  const auto messages = [](Date day) {
    return Case({dmarc("p=none", "p=reject")}, {row("google", DmarcOutcome::Both, 1, {}, kDay),
                                                row("google", DmarcOutcome::Both, 10, {}, day)})
        .only()
        .messages;
  };
  CHECK(messages(*parse_date("2026-11-03")) == 1);
  CHECK(messages(*parse_date("2026-11-04")) == 11);
  CHECK(messages(*parse_date("2026-11-17")) == 11);
  CHECK(messages(*parse_date("2026-11-18")) == 1);
  const Impact low = Case({dmarc("p=none", "p=reject")},
                          {row("google", DmarcOutcome::Both, 10, {}, *parse_date("2026-09-01"))})
                         .only();
  CHECK(low.window_days == 90);
  CHECK(low.messages == 10);
}

TEST_CASE("without evidence the plan says that nothing tells") {
  const auto why = [](auto change_world) {
    Case one({dmarc("p=none", "p=reject")}, {});
    change_world(one.world);
    const Impacts impacts = one.run();
    CHECK(impacts.known.empty());
    REQUIRE(impacts.unknown.size() == 1);
    return impacts.unknown[0].why;
  };
  CHECK(why([](World& world) { world.evidence.reset(); }) ==
        "no reports were read; name them with --store or --evidence");
  CHECK(why([](World& world) { world.evidence->newest.reset(); }) ==
        "there is no verified report of any domain");
  CHECK(why([](World&) {}) == "no verified report covers this domain");
  CHECK(why([](World& world) {
          world.evidence->rows = {
              row("google", DmarcOutcome::Both, 1, {}, *parse_date("2026-01-01"))};
        }) == "the newest verified report about this domain is from 2026-01-01");
  Case loosens({dmarc("p=reject", "p=none")}, {});
  loosens.world.evidence.reset();
  CHECK(loosens.run().unknown.empty());
  Case parked({dmarc("", "p=reject")}, {});
  parked.config.domains.at(kDomain).state = DomainState::Parked;
  CHECK(parked.run().unknown.empty());
}

TEST_CASE("withheld changes are replayed too, and it is said") {
  Case one({}, a_fortnight());
  one.plan.withheld = {{dmarc("p=none", "p=reject"), {"ramp-jump"}}};
  const Impact impact = one.only();
  CHECK(impact.rejected == 110);
  CHECK(impact.notes ==
        std::vector<std::string>{"withheld changes are counted as if they were written"});
}

TEST_CASE("sub-domains go by sp and np, the harsher of the two, and by a record of their own") {
  EvidenceRow below = row("ip:198.51.100.1", DmarcOutcome::Fail, 100);
  below.header_from = Name::literal("sub.example.com");
  const auto hits = [&](const std::string& after, const std::string& own) {
    Case one({dmarc("p=none", after)}, {below});
    if (!own.empty()) {
      Domain sub = domain_at("sub.example.com", {Phase::Monitor, 100});
      one.config.domains.emplace(sub.name, sub);
      const RecordKey key{Name::literal("_dmarc.sub.example.com"), kTxt};
      one.world.zones[0].sets[key] = {
          LiveState::Present, parse_set(key, {std::chrono::seconds{300}, {"v=DMARC1; " + own}}),
          ""};
    }
    const Impact impact = one.only();
    return std::pair(impact.quarantined, impact.rejected);
  };
  using Pair = std::pair<std::int64_t, std::int64_t>;
  CHECK(hits("p=reject", "") == Pair(0, 100));
  CHECK(hits("p=reject; sp=none", "") == Pair(0, 0));
  CHECK(hits("p=reject; sp=none; np=quarantine", "") == Pair(100, 0));
  CHECK(hits("p=reject; sp=reject; np=none", "") == Pair(0, 100));
  CHECK(hits("p=reject", "p=none") == Pair(0, 0));
  CHECK(hits("p=quarantine", "p=reject") == Pair(0, 100));
}

TEST_CASE("a policy that is unknown after the plan is no policy without effect") {
  Case one({dmarc("p=none", "")}, a_fortnight());
  one.world.answers[{Name::literal("_dmarc.com"), kTxt}] = {.status = AnswerStatus::Failed,
                                                            .detail = "192.0.2.53:53: timeout"};
  const std::string gap =
      "the policy that applies after the plan is unknown: _dmarc.com TXT got no answer "
      "(192.0.2.53:53: timeout)";
  const Impacts impacts = one.run();
  CHECK(impacts.known.empty());
  CHECK(impacts.unknown == std::vector<ImpactUnknown>{{kDomain, gap}});
  // What else the mail loses is still counted.
  one.plan.changes.push_back(change("s1._domainkey.example.com", kKey, ""));
  const Impact impact = one.only();
  CHECK(impact.pass_before > 0);
  CHECK(impact.notes == std::vector<std::string>{gap + "; the policy in the reports is used"});
}

/// A small generator of its own, so that every run sees the same rows.
struct Dice {
  std::uint32_t state = 1;
  std::uint32_t roll(std::uint32_t sides) {
    state = state * 1'664'525U + 1'013'904'223U;
    return (state >> 8U) % sides;
  }
};

std::vector<EvidenceRow> random_rows(Dice& dice) {
  std::vector<EvidenceRow> rows;
  const std::uint32_t count = dice.roll(30);
  const std::string sources[] = {"google", "office", "old_esp", "ip:192.0.2.1", "ptr:x.example"};
  for (std::uint32_t i = 0; i < count; ++i) {
    EvidenceRow one =
        row(sources[dice.roll(5)], static_cast<DmarcOutcome>(dice.roll(5)), dice.roll(500));
    if (dice.roll(2) == 0) one.selectors = {"s" + std::to_string(dice.roll(3))};
    if (dice.roll(4) == 0) one.header_from = Name::literal("sub.example.com");
    rows.push_back(std::move(one));
  }
  return rows;
}

void check_sums(const Impact& impact) {
  SourceImpact sum;
  for (const SourceImpact& one : impact.by_source) {
    sum.messages += one.messages;
    sum.pass_before += one.pass_before;
    sum.pass_after += one.pass_after;
    sum.quarantined += one.quarantined;
    sum.rejected += one.rejected;
    sum.worst_case += one.worst_case;
    CHECK(one.pass_after <= one.pass_before);
    CHECK(one.pass_before <= one.messages);
    CHECK(one.quarantined >= 0);
    CHECK(one.rejected >= 0);
    CHECK(one.quarantined + one.rejected <= one.messages - one.pass_after);
  }
  CHECK(impact.messages == sum.messages);
  CHECK(impact.pass_before == sum.pass_before);
  CHECK(impact.pass_after == sum.pass_after);
  CHECK(impact.quarantined == sum.quarantined);
  CHECK(impact.rejected == sum.rejected);
  CHECK(impact.worst_quarantined + impact.worst_rejected == sum.worst_case);
  CHECK(impact.quarantined + impact.rejected <= sum.worst_case);
}

TEST_CASE("the parts of every replay add up") {
  Dice dice;
  const std::string records[] = {"p=quarantine; t=y; pct=10", "p=reject; pct=50; t=y", "p=reject",
                                 "p=reject; sp=none; pct=33", "p=quarantine; np=reject; t=y"};
  for (int i = 0; i < 200; ++i) {
    Case one({dmarc("p=none", records[dice.roll(5)]),
              change("s1._domainkey.example.com", kKey, dice.roll(2) == 0 ? kRevoked : "")},
             random_rows(dice));
    one.authority = {authority({}, {"include:spf.old.example", "ip4:192.0.2.0/28"})};
    const Impacts impacts = one.run();
    for (const Impact& impact : impacts.known) check_sums(impact);
    CHECK(one.run().known == impacts.known);
  }
}

}  // namespace
}  // namespace rampart
