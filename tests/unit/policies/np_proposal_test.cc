/// When np=reject is proposed.
#include "policies/dmarc/np_proposal.h"

#include <catch2/catch.hpp>

#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using std::chrono::days;

const Date kRun = *parse_date("2026-11-21");
const Name kDomain = Name::literal("example.com");

EvidenceRow mail(const std::string& author, DmarcOutcome outcome, std::int64_t messages,
                 const std::string& reporter = "google.com") {
  return {.day = *parse_date("2026-11-16"),
          .policy_domain = kDomain,
          .header_from = Name::literal(author),
          .reporter = reporter,
          .source = "office",
          .outcome = outcome,
          .messages = messages};
}

/// example.com at monitor, with a host shop.example.com, and 1,000 messages of its own from two
/// known reporters.
struct Case {
  Config config;
  World world;
  std::vector<EvidenceRow> rows = {mail("example.com", DmarcOutcome::Both, 600),
                                   mail("example.com", DmarcOutcome::Both, 400, "yahoo.com")};

  Case() {
    config.domains.emplace(kDomain, domain_at("example.com", {Phase::Monitor, 100}));
    config.reporters.known = {"google.com", "yahoo.com"};
    world = world_with(
        {zone_with("example.com", {{"_dmarc.example.com", RecordType::TXT, "v=DMARC1; p=none"},
                                   {"shop.example.com", RecordType::A, "192.0.2.1"}})});
    world.now = kRun;
  }

  Domain& domain() { return config.domains.at(kDomain); }

  std::vector<Finding> findings() {
    world.evidence = Evidence{.newest = Time(kRun - days(1)), .rows = rows};
    world.evidence->known_reporters = {"google.com", "yahoo.com"};
    Plan plan;
    propose_np_reject(config, world, plan);
    return plan.findings;
  }
  bool proposes() { return !findings().empty(); }
  bool proposes_with(const EvidenceRow& row) {
    rows.push_back(row);
    return proposes();
  }
};

TEST_CASE("np=reject is proposed where no mail needs names that do not exist") {
  Case one;
  one.rows.push_back(mail("*.example.com", DmarcOutcome::Fail, 7'000));
  const auto findings = one.findings();
  REQUIRE(codes_of(findings) == std::vector<std::string>{"I np-reject"});
  CHECK(findings[0].message ==
        "reports of 2026-11-04 to 2026-11-17 show no mail of example.com from names below it that "
        "do not exist: np=reject can protect these names now; 7,000 failing messages use such "
        "names, and nothing ties them to it");
  CHECK(
      findings[0].hint ==
      "add `np: reject` to the `dmarc:` of example.com; receivers that follow RFC 7489 ignore it");
  CHECK(findings[0].withholds.empty());
}

TEST_CASE("mail of its own from such a name, however little, proposes nothing") {
  CHECK_FALSE(Case().proposes_with(mail("made.example.com", DmarcOutcome::DkimOnly, 1)));
  CHECK_FALSE(Case().proposes_with(mail("*.example.com", DmarcOutcome::Forwarded, 1)));
  EvidenceRow marked = mail("*.example.com", DmarcOutcome::Fail, 1);
  marked.marked = true;
  CHECK_FALSE(Case().proposes_with(marked));
  EvidenceRow lacking = mail("*.example.com", DmarcOutcome::Fail, 1);
  lacking.lacks = "the PTR record of 192.0.2.9";
  CHECK_FALSE(Case().proposes_with(lacking));
  CHECK(Case().proposes_with(mail("shop.example.com", DmarcOutcome::DkimOnly, 1)));
  Case listed;
  listed.config.domains.emplace(Name::literal("made.example.com"),
                                domain_at("made.example.com", {Phase::Monitor, 100}));
  CHECK(listed.proposes_with(mail("made.example.com", DmarcOutcome::DkimOnly, 1)));
  Case ignored;
  ignored.domain().ignored_sources = {{"office", "theirs", {}}};
  ignored.rows.push_back(mail("made.example.com", DmarcOutcome::Fail, 1));
  CHECK_FALSE(ignored.proposes());  // Nor is there any other mail of its own.
}

TEST_CASE("a name of which nothing shows that it exists counts as one that does not") {
  Case one;
  one.world.zones[0].complete = false;
  one.rows.push_back(mail("made.example.com", DmarcOutcome::DkimOnly, 1));
  CHECK_FALSE(one.proposes());
  answer(one.world, "made.example.com", {"anything"});
  CHECK(one.proposes());
}

TEST_CASE("silence proposes nothing") {
  Case none;
  none.rows.clear();
  CHECK_FALSE(none.proposes());
  Case few;
  few.rows[0].messages = 5;
  few.rows[1].messages = 5;
  CHECK_FALSE(few.proposes());
  Case one_reporter;
  one_reporter.rows[1].reporter = "google.com";
  CHECK_FALSE(one_reporter.proposes());
  Case unknown;
  unknown.config.reporters.known.clear();
  unknown.rows[0].reporter = "one.example";
  unknown.rows[1].reporter = "two.example";
  CHECK_FALSE(unknown.proposes());
  Case stale;
  stale.world.now = kRun + days(20);
  CHECK_FALSE(stale.proposes());
  Case no_store;
  Plan plan;
  propose_np_reject(no_store.config, no_store.world, plan);
  CHECK(plan.findings.empty());
}

TEST_CASE("nothing is proposed where the names are protected, decided about, or not its own") {
  const auto with = [](auto change) {
    Case one;
    change(one.domain());
    return one.proposes();
  };
  CHECK_FALSE(with([](Domain& one) { one.dmarc.np = dmarc::Policy::None; }));
  CHECK_FALSE(with([](Domain& one) { one.dmarc.sp = dmarc::Policy::Reject; }));
  CHECK_FALSE(with([](Domain& one) { one.dmarc.position = {Phase::Reject, 10}; }));
  CHECK(with([](Domain& one) { one.dmarc.position = {Phase::Quarantine, 100}; }));
  CHECK(with([](Domain& one) {
    one.dmarc.position = {Phase::Reject, 100};
    one.dmarc.sp = dmarc::Policy::Quarantine;
  }));
  CHECK_FALSE(with([](Domain& one) { one.dmarc.position = {Phase::Dkim, 100}; }));
  CHECK_FALSE(with([](Domain& one) { one.state = DomainState::Parked; }));
  // Below the organizational domain receivers ignore np (RFC 9989 section 4.7).
  Case below;
  const Name sub = Name::literal("shop.example.com");
  below.config.domains.clear();
  below.config.domains.emplace(sub, domain_at("shop.example.com", {Phase::Monitor, 100}));
  for (EvidenceRow& row : below.rows) row.policy_domain = row.header_from = sub;
  CHECK_FALSE(below.proposes());
}

}  // namespace
}  // namespace rampart
