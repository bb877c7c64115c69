// Rotation as a pure function: states, steps, proofs; and eighteen months of it.
#include "policies/dkim/rotation.h"

#include <catch2/catch.hpp>

#include "policies/dkim/key_files.h"
#include "tests/support/rotation.h"

namespace rampart {
namespace {

using namespace testing;
using std::chrono::days;
using Lines = std::vector<std::string>;

// "next: published, current: active, ..." and what the step does.
std::string summary(const RotationStep& step) {
  std::string text;
  for (const SelectorState& state : step.selectors) {
    text += state.selector + " " + std::string(to_text(state.state));
    if (state.revoke_now) text += "!revoke";
    if (state.remove_now) text += "!remove";
    if (!state.hold.empty()) text += "(" + state.hold + ")";
    text += ", ";
  }
  if (step.make) text += "make " + *step.make + ", ";
  if (step.promote) text += "promote, ";
  if (step.published) text += "note published, ";
  if (step.signing_since) text += "note signing, ";
  for (const auto& [selector, seen] : step.revoked) text += "note revoked " + selector + ", ";
  return text.empty() ? text : text.substr(0, text.size() - 2);
}

struct Case {
  const char* name;
  const char* now;
  RotationSpec spec;
  std::map<std::string, LiveKey> live;
  std::string wanted;
};

void check(const Case& one, const Evidence* evidence = nullptr) {
  INFO(one.name);
  const RotationFacts facts{kDomain, one.spec, one.live, evidence, Time(day(one.now))};
  CHECK(summary(rotation_step(facts)) == one.wanted);
}

constexpr LiveKey kStands = LiveKey::Published;
constexpr LiveKey kAbsent = LiveKey::Absent;
constexpr LiveKey kRevoked = LiveKey::Revoked;
constexpr LiveKey kUnclear = LiveKey::Unclear;

}  // namespace

TEST_CASE("a new key is made, published, and only then signed with") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260401";
  const auto noted = [&](const char* since) {
    RotationSpec spec = running("office-20260101", "office-20260401");
    spec.published = day(since);
    return spec;
  };
  RotationSpec first = office();
  first.next = a;
  RotationSpec both = office();
  both.algorithm = RotationAlgorithm::Both;
  const Case cases[] = {
      {"the first", "2026-01-01", office(), {}, "make office-20260101"},
      {"the first of a pair", "2026-01-01", both, {}, "make office-20260101r"},
      {"the first is not there", "2026-01-02", first, {{a, kAbsent}}, a + " pending"},
      {"the first is live", "2026-01-02", first, {{a, kStands}}, a + " published, promote"},
      {"not due", "2026-03-31", running("office-20260101"), {{a, kStands}}, a + " active"},
      {"due", "2026-04-01", running("office-20260101"), {{a, kStands}}, a + " active, make " + b},
      {"overdue",
       "2026-06-09",
       running("office-20260101"),
       {{a, kStands}},
       a + " active, make office-20260609"},
      {"of no known age",
       "2026-04-01",
       running("mail"),
       {{"mail", kStands}},
       "mail active, make " + b},
      {"a stamp of no day",
       "2026-04-01",
       running("office-20260231"),
       {},
       "office-20260231 pending, make " + b},
      {"next is unclear",
       "2026-04-09",
       running("office-20260101", b),
       {{a, kStands}, {b, kUnclear}},
       b + " pending, " + a + " active"},
      {"next is live",
       "2026-04-02",
       running("office-20260101", b),
       {{a, kStands}, {b, kStands}},
       b + " published, " + a + " active, note published"},
      {"too early",
       "2026-04-07",
       noted("2026-04-02"),
       {{a, kStands}, {b, kStands}},
       b + " published, " + a + " active"},
      {"on the day",
       "2026-04-08",
       noted("2026-04-02"),
       {{a, kStands}, {b, kStands}},
       b + " published, " + a + " active, promote"},
      {"seen late",
       "2026-04-20",
       noted("2026-04-20"),
       {{a, kStands}, {b, kStands}},
       b + " published, " + a + " active"},
      {"a day after it was seen",
       "2026-04-21",
       noted("2026-04-20"),
       {{a, kStands}, {b, kStands}},
       b + " published, " + a + " active, promote"},
  };
  for (const Case& one : cases) check(one);
}

TEST_CASE("a pair is published when both of its keys are") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260401";
  RotationSpec pair = running("office-20260101", b + "r");
  pair.published = day("2026-04-02");
  check({"one of them is there",
         "2026-04-08",
         pair,
         {{a, kStands}, {b + "r", kStands}, {b + "e", kAbsent}},
         b + "r pending, " + b + "e pending, " + a + " active"});
  check({"both are there",
         "2026-04-08",
         pair,
         {{a, kStands}, {b + "r", kStands}, {b + "e", kStands}},
         b + "r published, " + b + "e published, " + a + " active, promote"});
}

TEST_CASE("a new key never takes a name that has a file in the key folder") {
  const RotationSpec one = office();
  RotationSpec pair = office();
  pair.algorithm = RotationAlgorithm::Both;
  const auto made = [](const RotationSpec& spec, std::set<std::string> in_folder) {
    RotationFacts facts{kDomain, spec, {}, nullptr, Time(day("2026-01-01"))};
    facts.in_folder = std::move(in_folder);
    return rotation_step(facts).make.value_or("");
  };
  CHECK(made(one, {"office-20260102"}) == "office-20260101");
  CHECK(made(one, {"office-20260101"}) == "office-20260101-2");
  CHECK(made(one, {"office-20260101", "office-20260101-2e"}) == "office-20260101-3");
  CHECK(made(pair, {"office-20260101e"}) == "office-20260101-2r");
  CHECK(made(pair, {"office-20260101"}) == "office-20260101-2r");
}

TEST_CASE("a file that is no key takes its name all the same") {
  World world;
  world.keys["keys/example.com/office-20260101.pub"] = {"", "it is a symbolic link"};
  world.keys["keys/example.org/office-20260102.pub"] = {"", "it is too large"};
  const Name domain = Name::literal("example.com");
  CHECK(selectors_taken(domain, world) == std::set<std::string>{"office-20260101"});
  CHECK(selectors_with_files(domain, world).empty());
}

TEST_CASE("a key that vanished is not signed with") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260401";
  RotationSpec noted = running("office-20260101", b);
  noted.published = day("2026-04-02");
  const Case cases[] = {
      {"it vanished again",
       "2026-04-21",
       noted,
       {{a, kStands}, {b, kAbsent}},
       b + " pending, " + a + " active"},
  };
  for (const Case& one : cases) check(one);
}

TEST_CASE("an old key goes only when it is proven that nothing signs with it") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260401";
  RotationSpec spec = running(b.c_str());
  spec.past = {a};
  const std::map<std::string, LiveKey> both{{a, kStands}, {b, kStands}};
  RotationSpec results = spec;
  results.signing = b;
  RotationSpec since = results;
  since.signing_since = day("2026-04-10");
  RotationSpec stale = since;
  stale.signing = a;
  RotationSpec seen = spec;
  seen.revoked = {{a, day("2026-05-01")}};
  const std::string active = b + " active, " + a;
  const Case cases[] = {
      {"silence", "2026-06-01", spec, both, active + " retiring(no-evidence)"},
      {"the signer's word, now", "2026-04-10", results, both,
       active + " retiring(no-evidence), note signing"},
      {"keep runs", "2026-04-23", since, both, active + " retiring(selector-unproven)"},
      {"keep is over", "2026-04-24", since, both, active + " retiring!revoke"},
      {"the word is of another key", "2026-06-01", stale, both, active + " retiring(no-evidence)"},
      {"current is not live",
       "2026-06-01",
       since,
       {{a, kStands}, {b, kAbsent}},
       b + " pending, " + a + " retiring(selector-unproven)"},
      {"nobody can say",
       "2026-06-01",
       since,
       {{a, kUnclear}, {b, kStands}},
       active + " retiring(selector-unproven)"},
      {"revoked",
       "2026-05-01",
       spec,
       {{a, kRevoked}, {b, kStands}},
       active + " revoked, note revoked " + a},
      {"still revoked", "2026-05-30", seen, {{a, kRevoked}, {b, kStands}}, active + " revoked"},
      {"long enough",
       "2026-05-31",
       seen,
       {{a, kRevoked}, {b, kStands}},
       active + " revoked!remove"},
      {"gone", "2026-06-10", seen, {{a, kAbsent}, {b, kStands}}, active + " removed"},
  };
  for (const Case& one : cases) check(one);
}

TEST_CASE("reports prove it, or do not") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260401";
  RotationSpec spec = running(b.c_str());
  spec.past = {a};
  const Date on = day("2026-04-10");  // Nobody saw `a` later.
  const auto at = [&](int later) { return on + days{later}; };
  // keep is 14 days: silent from the 11th, kept to the 25th, reported by the 28th.
  const auto reports = [&](const std::vector<EvidenceRow>& rows, Date newest) {
    return all_known({Time(newest), rows, {}});
  };
  const std::vector<EvidenceRow> good = {row(at(-20), "g", {a}), row(on, "g", {a, b}),
                                         row(at(1), "g", {b}), row(at(14), "g", {b})};
  std::vector<EvidenceRow> other = good;
  other.push_back(row(at(5), "h", {a}));
  std::vector<EvidenceRow> quiet(good.begin(), good.end() - 1);
  std::vector<EvidenceRow> others_later = quiet;
  others_later.push_back(row(at(14), "h", {b}));
  std::vector<EvidenceRow> mute = quiet;
  mute.push_back(row(at(14), "g", {}));
  std::vector<EvidenceRow> omits = {row(on, "g", {}), row(at(14), "g", {})};
  std::vector<EvidenceRow> never = {row(on, "g", {a}), row(at(14), "g", {"x"})};
  std::vector<EvidenceRow> elsewhere = good;
  for (EvidenceRow& one : elsewhere) one.header_from = Name::literal("example.org");
  const std::string revoke = b + " active, " + a + " retiring!revoke";
  const std::string unproven = b + " active, " + a + " retiring(selector-unproven)";
  const std::string none = b + " active, " + a + " retiring(no-evidence)";
  const std::tuple<const char*, std::vector<EvidenceRow>, int, int, std::string> cases[] = {
      {"proven", good, 18, 17, revoke},
      {"a day too early", good, 17, 17, unproven},
      {"seen elsewhere", other, 18, 17, unproven},
      {"they fell silent", quiet, 18, 17, unproven},
      {"only others report on", others_later, 18, 17, unproven},
      {"they report on without selectors", mute, 18, 17, unproven},
      {"no selectors", omits, 18, 17, unproven},
      {"no newer key", never, 18, 17, unproven},
      {"other domains", elsewhere, 18, 17, unproven},
      {"too old", good, 30, 17, none},
      {"no reports", {}, 18, 17, unproven},
  };
  for (const auto& [name, rows, now, newest, wanted] : cases) {
    const Evidence evidence = reports(rows, at(newest));
    check({name, to_text(at(now)).c_str(), spec, {{a, kStands}, {b, kStands}}, wanted}, &evidence);
  }
}

TEST_CASE("an emergency goes in two steps") {
  const std::string a = "office-20260101";
  const std::string b = "office-20260201";
  RotationSpec bad = running(a.c_str());
  bad.compromised = {a};
  RotationSpec next = running(a.c_str(), b);
  next.compromised = {a};
  RotationSpec after = running(b.c_str());
  after.past = {a};
  after.compromised = {a};
  RotationSpec coming = running(a.c_str(), b);
  coming.compromised = {b};
  const std::string held = a + " active(selector-compromised)";
  const Case cases[] = {
      {"another is made at once", "2026-02-01", bad, {{a, kStands}}, held + ", make " + b},
      {"it waits for the new one",
       "2026-02-01",
       next,
       {{a, kStands}, {b, kAbsent}},
       b + " pending, " + held},
      {"the new one signs at once",
       "2026-02-01",
       next,
       {{a, kStands}, {b, kStands}},
       b + " published, " + held + ", promote"},
      {"and the old one is revoked",
       "2026-02-01",
       after,
       {{a, kStands}, {b, kStands}},
       b + " active, " + a + " retiring!revoke"},
      {"never before",
       "2026-02-01",
       after,
       {{a, kStands}, {b, kAbsent}},
       b + " pending, " + a + " retiring(no-evidence)"},
      {"a key to come",
       "2026-02-03",
       coming,
       {{a, kStands}, {b, kStands}},
       b + " published, " + a + " active, make office-20260203"},
      {"twice a day", "2026-01-01", bad, {{a, kStands}}, held + ", make office-20260101-2"},
  };
  for (const Case& one : cases) check(one);
}

TEST_CASE("selectors tell their day and their pair") {
  const std::tuple<const char*, const char*, Lines> rows[] = {
      {"office-20261121", "2026-11-21", {"office-20261121"}},
      {"office-20261121r", "2026-11-21", {"office-20261121r", "office-20261121e"}},
      {"office-20261121-2r", "2026-11-21", {"office-20261121-2r", "office-20261121-2e"}},
      {"a-b-20261121e", "2026-11-21", {"a-b-20261121e"}},
      {"server", "", {"server"}},
      {"office-20261321", "", {"office-20261321"}},
      {"office-2026112", "", {"office-2026112"}},
      {"office-20261121x", "", {"office-20261121x"}},
  };
  for (const auto& [selector, date, pair] : rows) {
    INFO(selector);
    const auto found = date_of(selector);
    CHECK((found ? to_text(*found) : "") == date);
    CHECK(selectors_of(std::string(selector)) == pair);
  }
}

}  // namespace rampart
