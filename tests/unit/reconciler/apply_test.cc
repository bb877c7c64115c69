/// Applying: what a review allows, the order of turns, and failure at any call.
#include "reconciler/apply/apply.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/apply_rows.h"
#include "tests/support/memory_provider.h"

namespace rampart {
namespace {

using namespace testing::applying;
using testing::Fault;

void check_limit(const std::vector<Row>& now, const std::vector<Row>& reviewed,
                 const std::vector<Row>& live, bool strict,
                 const std::vector<std::string>& expected) {
  CHECK(shape(limit_to(plan(now), plan(reviewed), world(live),
                       strict ? Strictness::AllZones : Strictness::ItsZone)) == expected);
}

const Row kA{"a.example", "_dmarc.a.example", {kSpf}, {kSofter}};
const Row kA2{"a.example", "s._domainkey.a.example", {}, {"key"}};
const Row kB{"b.example", "_dmarc.b.example", {kSpf}, {kSofter}};
/// kA where somebody else has written since.
const Row kAMoved{"a.example", "_dmarc.a.example", {kTheirs}, {kSofter}};
const Row kADone{"a.example", "_dmarc.a.example", {kSofter}, {}};

/// A host that saw another change beside its own.
class Doubtful : public testing::MemoryProvider {
 public:
  using MemoryProvider::MemoryProvider;
  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    TRY(Receipt receipt, MemoryProvider::write(zone, changes));
    receipt.doubt = "somebody else changed the zone in the same moment";
    return receipt;
  }
};

/// A host that acknowledges a write and drops it.
class Forgetful : public testing::MemoryProvider {
 public:
  using MemoryProvider::MemoryProvider;
  Result<Receipt> write(const Name&, std::span<const SetChange>) override { return Receipt{}; }
};

}  // namespace

TEST_CASE("a review limits what may be written") {
  check_limit({kA, kB}, {kA, kB}, {kA, kB}, false, {"+ _dmarc.a.example", "+ _dmarc.b.example"});
  check_limit({kA, kB}, {kA}, {kA, kB}, false,
              {"+ _dmarc.a.example", "! _dmarc.b.example not-in-plan", "? not-in-plan"});
  check_limit({}, {}, {}, false, {});
  // The YAML wants something else now.
  const Row other{"a.example", "_dmarc.a.example", {kSpf}, {"v=spf1 ?all"}};
  check_limit({other}, {kA}, {kA}, false, {"! _dmarc.a.example not-in-plan", "? not-in-plan"});
  // At another host.
  const Row elsewhere{"a.example", "_dmarc.a.example", {kSpf}, {kSofter}, Stage::Publish, "b"};
  check_limit({kA, elsewhere}, {kA}, {kA, elsewhere}, false,
              {"+ _dmarc.a.example", "! _dmarc.a.example not-in-plan", "? not-in-plan"});
}

TEST_CASE("a reviewed change that is already live is skipped") {
  check_limit({kA2}, {kA, kA2}, {kADone, kA2}, false,
              {"+ s._domainkey.a.example", "= _dmarc.a.example"});
  const Row removed{"a.example", "_dmarc.a.example", {kSpf}, {}};
  const Row gone{"a.example", "_dmarc.a.example", {}, {}};
  check_limit({}, {removed}, {gone}, false, {"= _dmarc.a.example"});
}

TEST_CASE("a zone that moved is withheld, and with strict every zone") {
  const std::vector<std::string> one = {"+ _dmarc.b.example", "! _dmarc.a.example plan-stale",
                                        "! s._domainkey.a.example plan-stale", "? plan-stale"};
  check_limit({kAMoved, kA2, kB}, {kA, kA2, kB}, {kAMoved, kA2, kB}, false, one);
  check_limit({kAMoved, kA2, kB}, {kA, kA2, kB}, {kAMoved, kA2, kB}, true,
              {"! _dmarc.a.example plan-stale", "! s._domainkey.a.example plan-stale",
               "! _dmarc.b.example plan-stale", "? plan-stale"});
  // A zone that nobody could read counts as moved, and the finding does not call it changed.
  check_limit({kB}, {kA, kB}, {kB}, false, {"+ _dmarc.b.example", "? plan-stale"});
  World unread = world({kA, kA2, kB});
  unread.zones.front().error = "permission denied";
  const Limited limited = limit_to(plan({kB}), plan({kA, kA2, kB}), unread, Strictness::ItsZone);
  REQUIRE(limited.plan.findings.size() == 1);
  CHECK(limited.plan.findings.front().message ==
        "zone a.example at provider a could not be read and may have changed since the plan was "
        "reviewed: the changes of zone a.example are withheld");
  CHECK(limited.plan.findings.front().withholds.size() == 2);
}

TEST_CASE("reviewed loosening waits for no sibling that moved") {
  Row relax = kA2;
  relax.stage = Stage::Relax;
  check_limit({kAMoved, relax}, {kA, relax}, {kAMoved, relax}, false,
              {"+ s._domainkey.a.example", "! _dmarc.a.example plan-stale", "? plan-stale"});
}

TEST_CASE("a reviewed change that nobody wants any more is reported") {
  check_limit({}, {kA}, {kA}, false, {"? plan-outdated"});
}

TEST_CASE("a set is live only with its type, TTL and values, and beside no CNAME") {
  const SetChange swap{Name::literal("s.example"), TypedSet{RecordType::CNAME, set({"t.example"})},
                       TypedSet{RecordType::TXT, set({"key"})}};
  const std::map<RecordKey, RecordSet> old = {{cname("s.example"), set({"t.example"})},
                                              {txt("other.example"), set({"x"})}};
  const std::map<RecordKey, RecordSet> both = {{cname("s.example"), set({"t.example"})},
                                               {txt("s.example"), set({"key"})}};
  CHECK(is_live(swap, swap.before, old));
  CHECK_FALSE(is_live(swap, swap.after, old));
  CHECK_FALSE(is_live(swap, swap.before, both));
  CHECK_FALSE(is_live(swap, swap.after, both));
  CHECK_FALSE(is_live(swap, std::nullopt, old));
  CHECK(is_live(swap, std::nullopt, {}));
  CHECK_FALSE(is_live(swap, swap.after, {{txt("s.example"), set({"key"}, 60)}}));
  CHECK(is_live(swap, swap.after,
                {{txt("s.example"), set({"key"})},
                 {{Name::literal("s.example"), RecordType::MX}, set({"0 ."})}}));
}

TEST_CASE("a CNAME is live beside what a signer adds to it, and beside nothing else") {
  const SetChange alias{Name::literal("s.example"), std::nullopt,
                        TypedSet{RecordType::CNAME, set({"t.example"})}};
  std::map<RecordKey, RecordSet> sets = {{cname("s.example"), set({"t.example"})},
                                         {{alias.name, RecordType::RRSIG}, set({"CNAME 13"})},
                                         {{alias.name, RecordType::NSEC}, set({"a.example"})}};
  CHECK(is_live(alias, alias.after, sets));
  CHECK_FALSE(is_live(alias, alias.before, sets));
  sets.erase(cname("s.example"));
  CHECK(is_live(alias, alias.before, sets));
  sets[txt("s.example")] = set({"x"});
  CHECK_FALSE(is_live(alias, alias.before, sets));
}

TEST_CASE("turns are written in their order, each on every host before the next") {
  const std::vector<Row> rows = {
      {"a.example", "e.a.example", {kSpf}, {kSofter}, Stage::Enforce, "a"},
      {"a.example", "p.a.example", {}, {kSofter}, Stage::Publish, "a"},
      {"a.example", "p.a.example", {}, {kSofter}, Stage::Publish, "b"},
      {"b.example", "r.b.example", {kSpf}, {}, Stage::Retire, "b"},
      {"b.example", "l.b.example", {kSpf}, {kSofter}, Stage::Relax, "b"},
      {"b.example", "u.b.example", {kSpf}, {kSofter}, Stage::Authorize, "b"}};
  Hosts held = hosts(rows);
  CHECK(shape(write(plan(rows), held)) ==
        std::vector<std::string>{"written l.b.example b", "written p.a.example a",
                                 "written p.a.example b", "written u.b.example b",
                                 "written e.a.example a", "written r.b.example b"});
  CHECK(held.zones["b"][Name::literal("b.example")].size() == 2);
  CHECK(held.zones["a"][Name::literal("a.example")][txt("e.a.example")] == set({kSofter}));
}

TEST_CASE("an interrupted run finishes the write under way and begins no other") {
  const int written[] = {0, 2, 3, 3};  // By calls: the first write has two of the three records.
  for (int most = 0; most < 4; ++most) {
    Hosts held = hosts({kA, kA2, kB});
    const auto done = write_plan(plan({kA, kA2, kB}), held.providers(), {},
                                 [&, calls = 0]() mutable { return calls++ >= most; });
    CHECK(std::ranges::count(done, WriteState::Written, &WriteOutcome::state) == written[most]);
    CHECK((done.back().state == WriteState::NotBegun) == (written[most] < 3));
  }
}

TEST_CASE("a zone that fails keeps its own later turns back, never another's") {
  const std::vector<Row> rows = {{"a.example", "p.a.example", {}, {kSofter}, Stage::Publish},
                                 {"a.example", "e.a.example", {kSpf}, {kSofter}, Stage::Enforce},
                                 {"b.example", "e.b.example", {kSpf}, {kSofter}, Stage::Enforce}};
  Hosts held = hosts(rows);
  held.calls = {0, 2, Fault::Refuse};  // The write of p.a.example.
  const auto outcomes = write(plan(rows), held);
  CHECK(shape(outcomes) == std::vector<std::string>{"failed p.a.example a",
                                                    "withheld e.a.example a",
                                                    "written e.b.example a"});
  CHECK(outcomes[0].why == "host: 503 try later");
  CHECK(outcomes[1].why == "skipped, because an earlier write to a.example failed");
}

TEST_CASE("loosening is never blocked by a failed sibling") {
  const std::vector<Row> rows = {{"a.example", "l1.a.example", {kSpf}, {kSofter}, Stage::Relax},
                                 {"a.example", "l2.a.example", {kSpf}, {kSofter}, Stage::Relax}};
  for (const Fault fault : {Fault::Refuse, Fault::Conflict}) {
    Hosts held = hosts(rows);
    held.calls = {0, 2, fault};
    CHECK(shape(write(plan(rows), held)) ==
          std::vector<std::string>{"failed l1.a.example a", "written l2.a.example a"});
  }
}

TEST_CASE("a change that somebody else overtook is refused, its siblings are written") {
  const std::vector<Row> rows = {kA, kA2};
  Hosts held = hosts({kAMoved, kA2});
  const auto outcomes = write(plan(rows), held);
  CHECK(shape(outcomes) ==
        std::vector<std::string>{"failed _dmarc.a.example a", "written s._domainkey.a.example a"});
  CHECK(outcomes[0].why ==
        "another client changed _dmarc.a.example TXT since it was read: nothing was written; plan "
        "again");
  CHECK(held.zones["a"][Name::literal("a.example")][txt("_dmarc.a.example")] == set({kTheirs}));
}

TEST_CASE("a write that would drop a foreign value is refused") {
  const Row greedy{"a.example", "a.example", {"site=1", "v=spf1 -all"}, {"v=spf1 ~all"}};
  Hosts held = hosts({greedy});
  CHECK(shape(write(plan({greedy}), held)) == std::vector<std::string>{"failed a.example a"});
  CHECK(held.zones["a"][Name::literal("a.example")][txt("a.example")] == set(greedy.before));
}

TEST_CASE("a lost answer is settled by reading back") {
  Hosts held = hosts({kA});
  held.calls = {0, 2, Fault::LoseAnswer};
  CHECK(shape(write(plan({kA}), held)) == std::vector<std::string>{"written _dmarc.a.example a"});
  Hosts unread = hosts({kA});
  unread.calls = {0, 4, Fault::Refuse};  // Reading back.
  const auto outcomes = write(plan({kA}), unread);
  CHECK(shape(outcomes) == std::vector<std::string>{"unconfirmed _dmarc.a.example a"});
  CHECK(outcomes[0].why == "written, but it could not be read back: host: 503 try later");
}

TEST_CASE("what the host does not serve yet is not confirmed") {
  Hosts held = hosts({kA});
  held.calls = {0, 3, Fault::Refuse};  // Waiting.
  const auto outcomes = write(plan({kA}), held);
  CHECK(shape(outcomes) == std::vector<std::string>{"unconfirmed _dmarc.a.example a"});
  CHECK(outcomes[0].why == "written, but not served yet: host: 503 try later");
}

TEST_CASE("a receipt alone confirms nothing") {
  Hosts held = hosts({kA});
  Providers providers = held.providers();
  providers.insert_or_assign(
      "a", Result<std::unique_ptr<Provider>>(std::make_unique<Forgetful>(held.zones["a"])));
  const auto outcomes = write_plan(plan({kA}), providers, {});
  CHECK(shape(outcomes) == std::vector<std::string>{"unconfirmed _dmarc.a.example a"});
  CHECK(outcomes[0].why.starts_with("written, but reading back shows another RRset"));
}

TEST_CASE("a write during which another's record may have been lost is not confirmed") {
  Hosts held = hosts({kA});
  Providers providers = held.providers();
  providers.insert_or_assign(
      "a", Result<std::unique_ptr<Provider>>(std::make_unique<Doubtful>(held.zones["a"])));
  const auto outcomes = write_plan(plan({kA}), providers, {});
  CHECK(shape(outcomes) == std::vector<std::string>{"unconfirmed _dmarc.a.example a"});
  CHECK(outcomes[0].why == "written, but somebody else changed the zone in the same moment");
}

TEST_CASE("a provider that could not be made fails its own changes only") {
  Row other = kB;
  other.host = "b";
  Hosts held = hosts({kA, other});
  Providers providers = held.providers();
  providers.insert_or_assign("a", Error{"CLOUDFLARE_API_TOKEN is not set", "a", false, false});
  const auto outcomes = write_plan(plan({kA, other}), providers, {});
  CHECK(shape(outcomes) ==
        std::vector<std::string>{"failed _dmarc.a.example a", "written _dmarc.b.example b"});
  providers.erase("a");
  CHECK(write_plan(plan({kA}), providers, {})[0].why == "there is no provider \"a\"");
}

TEST_CASE("the account names every change") {
  Plan now = plan({kA, kB});
  now.withheld = {{change(kA2), {"dkim-key-invalid"}}};
  Hosts held = hosts({kA, kA2, kB});
  const Limited limited = limit_to(now, plan({kA}), world({kA, kA2, kB}), Strictness::ItsZone);
  std::vector<std::string> lines;
  const auto outcomes =
      account_for(limited, write_plan(limited.plan, held.providers(),
                                      [&](const std::string& line) { lines.push_back(line); }));
  CHECK(shape(outcomes) == std::vector<std::string>{"written _dmarc.a.example a",
                                                    "withheld s._domainkey.a.example a",
                                                    "withheld _dmarc.b.example a"});
  CHECK(outcomes[1].why == "dkim-key-invalid");
  CHECK(
      outcomes[2].why ==
      "not-in-plan: the change of _dmarc.b.example TXT at provider a is not in the reviewed plan");
  CHECK(lines == std::vector<std::string>{"a.example at provider a: publish: 1 of 1 written"});
}

namespace {

/// Where every row's `after` is to be live, and what is not live yet as a plan.
Plan remaining(const std::vector<Row>& rows, Hosts& held) {
  Plan plan;
  for (const Row& row : rows) {
    const auto& sets = held.zones[row.host][Name::literal(row.zone)];
    const auto live = sets.find(txt(row.name));
    const std::optional<TypedSet> now =
        live == sets.end() ? std::nullopt : std::optional(TypedSet{RecordType::TXT, live->second});
    if (now == side(row.after)) continue;
    Change next = change(row);
    next.set = parse_change({next.name(), now, side(row.after)});
    plan.changes.push_back(next);
  }
  return plan;
}

/// Runs with the n-th call spoilt, then again without; returns whether the fault came to pass.
bool check_recovers(const std::vector<Row>& rows, int fail_at, Fault fault) {
  Hosts held = hosts(rows);
  held.calls = {0, fail_at, fault};
  try {
    write(remaining(rows, held), held);
  } catch (const testing::Killed&) {
  }
  const bool happened = held.calls.made >= fail_at;
  held.calls = {};
  INFO("call " << fail_at << ", fault " << static_cast<int>(fault));
  for (const WriteOutcome& outcome : write(remaining(rows, held), held)) {
    CHECK(outcome.state == WriteState::Written);
  }
  CHECK(remaining(rows, held).changes.empty());
  return happened;
}

}  // namespace

TEST_CASE("failing or dying at any call and running again reaches the same end") {
  const std::vector<Row> rows = {
      {"a.example", "l.a.example", {kSpf}, {kSofter}, Stage::Relax, "a"},
      {"a.example", "p.a.example", {}, {"key"}, Stage::Publish, "a"},
      {"a.example", "p.a.example", {}, {"key"}, Stage::Publish, "b"},
      {"b.example", "a.b.example", {kSpf}, {kSofter}, Stage::Authorize, "b"},
      {"a.example", "e.a.example", {kSpf}, {kSofter}, Stage::Enforce, "a"},
      {"b.example", "r.b.example", {kSpf}, {}, Stage::Retire, "b"}};
  for (const Fault fault : {Fault::Refuse, Fault::LoseAnswer, Fault::Conflict, Fault::KilledBefore,
                            Fault::KilledAfter}) {
    int calls = 1;
    while (check_recovers(rows, calls, fault)) ++calls;
    CHECK(calls > 20);
  }
}

}  // namespace rampart
