// Eighteen months of rotation in memory, and what plans make of its steps.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "policies/dkim/dkim.h"
#include "policies/dkim/past_selectors.h"
#include "tests/support/policy_world.h"
#include "tests/support/rotation.h"

namespace rampart {

using namespace testing;
using std::chrono::days;
using Lines = std::vector<std::string>;

namespace {

// Eighteen months, day by day: DNS, the signer and reporters in memory, the steps by the function.
struct Rehearsal {
  RotationSpec spec = office();
  std::map<std::string, LiveKey> live;
  std::map<std::string, Date> revoked_on;
  Evidence evidence;
  std::string signer;  // What the signer uses: what export last gave it.
  std::vector<std::pair<Date, std::string>> sent;
  int failures = 0;
  int revocations = 0;
  int promotions = 0;

  void rotate(Date today, const Evidence* shown) {
    const RotationStep step = rotation_step({kDomain, spec, live, shown, Time(today)});
    if (step.promote) {
      if (spec.current) spec.past.push_back(*spec.current);
      spec.current = spec.next;
      spec.next.reset();
      spec.published.reset();
      spec.signing_since.reset();
      ++promotions;
    }
    if (step.make) spec.next = step.make;
    if (step.published) spec.published = step.published;
    if (step.signing_since) spec.signing_since = step.signing_since;
    for (const auto& [selector, seen] : step.revoked) spec.revoked[selector] = seen;
  }

  void apply(Date today, const Evidence* shown) {
    const RotationStep step = rotation_step({kDomain, spec, live, shown, Time(today)});
    for (const SelectorState& state : step.selectors) {
      if (state.revoke_now) {
        live[state.selector] = LiveKey::Revoked;
        ++revocations;
      }
      if (state.remove_now) live[state.selector] = LiveKey::Absent;
    }
    for (const auto& wanted : {spec.next, spec.current}) {
      if (wanted) live[*wanted] = LiveKey::Published;
    }
  }

  void verify(const std::string& selector) { failures += live[selector] != LiveKey::Published; }
};

enum class Store { None, Omits, Good, Word };

Rehearsal rehearse(Duration every, Store store, unsigned seed) {
  Rehearsal world;
  world.spec.every = every;
  std::mt19937 random(seed);
  const Date start = day("2026-01-01");
  for (int i = 0; i < 548; ++i) {
    const Date today = start + days{i};
    const Evidence* shown =
        store == Store::Good || store == Store::Omits ? &world.evidence : nullptr;
    if (store == Store::Word && !world.signer.empty()) world.spec.signing = world.signer;
    if (random() % 5 != 0) world.rotate(today, shown);
    if (random() % 5 != 0) world.apply(today, shown);
    const bool exports = random() % 5 != 0 && world.spec.current &&
                         world.live[*world.spec.current] == LiveKey::Published;
    if (exports) world.signer = *world.spec.current;
    if (world.signer.empty()) continue;
    world.sent.emplace_back(today, world.signer);
    world.verify(world.signer);
    for (const auto& [on, selector] : world.sent) {
      if (today - on == days{5}) world.verify(selector);
    }
    world.evidence.newest = Time(today);
    world.evidence.known_reporters = {"g", "h"};
    world.evidence.rows.push_back(
        row(today, i % 2 ? "g" : "h", store == Store::Omits ? Lines{} : Lines{world.signer}));
  }
  return world;
}

}  // namespace

TEST_CASE("eighteen months lose no message, however many runs are left out") {
  const unsigned seeds = std::getenv("RAMPART_WORLDS") ? 10 : 1;
  for (const Duration every :
       {Duration{3, Duration::Unit::Months}, Duration{1, Duration::Unit::Months}}) {
    for (const Store store : {Store::None, Store::Omits, Store::Good, Store::Word}) {
      for (unsigned seed = 1; seed <= seeds; ++seed) {
        const Rehearsal done = rehearse(every, store, seed);
        INFO(to_text(every) << ", store " << static_cast<int>(store) << ", seed " << seed);
        CHECK(done.failures == 0);
        CHECK(done.promotions >= (every.count == 3 ? 5 : 13));
        const bool proves = store == Store::Good || store == Store::Word;
        CHECK((done.revocations > 3) == proves);
        CHECK((done.revocations == 0) == !proves);
      }
    }
  }
}

TEST_CASE("a plan revokes what is proven, and a retired sender's CNAME goes on proof") {
  const std::string key = "v=DKIM1; k=ed25519; p=FKQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  RotationSpec spec = running("office-20260401");
  spec.past = {"office-20260101"};
  spec.signing = "office-20260401";
  spec.signing_since = day("2026-04-10");
  domain.rotations = {spec};
  World world = world_with({zone_with(
      "example.com", {{"office-20260101._domainkey.example.com", RecordType::TXT, key},
                      {"office-20260401._domainkey.example.com", RecordType::TXT, key}})});
  world.keys["keys/example.com/office-20260101.pub"] = {key, ""};
  world.keys["keys/example.com/office-20260401.pub"] = {key, ""};
  world.now = Time(day("2026-04-24"));
  const PolicyResult policy_result = dkim_policy(domain, world);
  CHECK(lines_of(policy_result) ==
        Lines{"publish TXT office-20260401._domainkey.example.com " + key,
              "retire TXT office-20260101._domainkey.example.com v=DKIM1; k=ed25519; p="});
  CHECK(proven_unused(domain, world)
            .contains(Name::literal("office-20260101._domainkey.example.com")));

  Sender sender;
  sender.id = sender.name = "vendor";
  sender.dkim = {{"v1._domainkey", RecordType::CNAME, "v1.vendor.example"}};
  Domain left = domain_at("example.com", {Phase::Dkim, 100});
  left.senders = {{.sender = std::make_shared<const Sender>(sender), .mark = {}}};
  left.senders->front().retired = day("2026-03-01");
  world.answers[{Name::literal("v1.vendor.example"), RecordType::TXT}] = {};
  const RecordKey place{Name::literal("v1._domainkey.example.com"), RecordType::CNAME};
  world.zones[0].sets[place] = {LiveState::Present, parse_set(place, {{}, {"v1.vendor.example"}}),
                                ""};
  CHECK(dkim_policy(left, world).holds.front().code == "no-evidence");
  world.evidence =
      Evidence{Time(day("2026-04-23")),
               {row(day("2026-02-20"), "g", {"v1"}), row(day("2026-04-20"), "g", {"x"})},
               {"g"}};
  CHECK(lines_of(dkim_policy(left, world)) ==
        Lines{"retire CNAME v1._domainkey.example.com (none)"});
  // Without a sighting, the days count from the retirement; with one, from the day after it.
  const auto why_on = [&](const char* today, std::vector<EvidenceRow> rows) {
    World seen = world;
    seen.now = Time(day(today));
    seen.evidence = Evidence{seen.now, std::move(rows), {"g"}};
    return retirement_of(left, seen, left.senders->front(), place.name).why;
  };
  CHECK(why_on("2026-03-16", {row(day("2026-03-15"), "g", {"x"})}) ==
        "no report has shown it, but those of the last days may still arrive; it can be removed on "
        "2026-03-18 or later");
  CHECK(why_on("2026-03-20",
               {row(day("2026-03-04"), "g", {"v1"}), row(day("2026-03-19"), "g", {"x"})}) ==
        "a report last showed it on 2026-03-04; it can be removed on 2026-03-22 or later");
  // Once it is gone, nobody brings it back, though the reports are not at hand.
  world.zones[0].sets.erase(place);
  world.evidence.reset();
  CHECK(dkim_policy(left, world).desired_records.empty());
  CHECK(dkim_policy(left, world).holds.empty());
  // A CNAME that cannot be read may be there: it stays desired, so that the diff reports it.
  world.zones[0].sets[place] = {LiveState::Unobservable, {}, "192.0.2.53:53: timeout"};
  CHECK(lines_of(dkim_policy(left, world)) ==
        Lines{"publish CNAME v1._domainkey.example.com v1.vendor.example"});
  CHECK(dkim_policy(left, world).holds.front().code == "no-evidence");
}

TEST_CASE("a retired sender's CNAME goes when time and reports prove that nothing signs with it") {
  Sender sender;
  sender.id = sender.name = "vendor";
  sender.dkim = {{"v1._domainkey", RecordType::CNAME, "v1.vendor.example"}};
  Domain domain = domain_at("example.com", {Phase::Dkim, 100});
  domain.senders = {{.sender = std::make_shared<const Sender>(sender), .mark = {}}};
  domain.senders->front().retired = day("2026-03-01");
  World world = world_with({zone_with(
      "example.com", {{"v1._domainkey.example.com", RecordType::CNAME, "v1.vendor.example"}})});
  world.answers[{Name::literal("v1.vendor.example"), RecordType::TXT}] = {};
  const auto at = [](const char* text) { return day(text); };
  // Retired on the 1st and last seen on the 10th: silent from the 11th, kept to the 25th, reported
  // by the 28th.
  const std::vector<EvidenceRow> seen = {row(at("2026-03-10"), "g", {"v1"}),
                                         row(at("2026-03-24"), "g", {"x"})};
  const std::vector<EvidenceRow> unseen = {row(at("2026-03-14"), "g", {"x"})};
  const std::vector<EvidenceRow> before = {row(at("2026-02-20"), "g", {"v1"}),
                                           row(at("2026-03-14"), "g", {"x"})};
  std::vector<EvidenceRow> others = before;
  others.back().reporter = "h";
  std::vector<EvidenceRow> mute = before;
  mute.back() = row(at("2026-03-14"), "g", {});
  struct Row {
    const char* name;
    const char* now;
    const char* newest;
    std::vector<EvidenceRow> rows;
    std::string wanted;  // The code of the hold, or "" where the CNAME goes.
  };
  const Row rows[] = {
      {"mail is under way", "2026-03-14", "2026-03-13", unseen, "selector-unproven"},
      {"the last reports are under way", "2026-03-17", "2026-03-16", unseen, "selector-unproven"},
      {"nobody ever saw it", "2026-03-18", "2026-03-17", unseen, ""},
      {"seen before it was retired", "2026-03-18", "2026-03-17", before, ""},
      {"seen after it was retired", "2026-03-18", "2026-03-17", seen, "selector-unproven"},
      {"long enough ago", "2026-03-28", "2026-03-27", seen, ""},
      {"a day less", "2026-03-27", "2026-03-26", seen, "selector-unproven"},
      {"only others report on", "2026-03-18", "2026-03-17", others, "selector-unproven"},
      {"they report on without selectors", "2026-03-18", "2026-03-17", mute, "selector-unproven"},
      {"the reports are old", "2026-04-24", "2026-03-27", seen, "no-evidence"},
  };
  for (const Row& one : rows) {
    INFO(one.name);
    world.now = Time(day(one.now));
    world.evidence = all_known({Time(day(one.newest)), one.rows, {}});
    const PolicyResult result = dkim_policy(domain, world);
    CHECK((result.holds.empty() ? "" : result.holds.front().code) == one.wanted);
    const bool in_transit = world.now < Time(day("2026-03-15"));
    CHECK((!result.holds.empty() &&
           result.holds.front().reason.find("in transit") != std::string::npos) == in_transit);
    CHECK((lines_of(result) == Lines{"retire CNAME v1._domainkey.example.com (none)"}) ==
          one.wanted.empty());
  }
}

}  // namespace rampart
