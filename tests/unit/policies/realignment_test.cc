/// Impact of alignment, of sp and np, and of a moved organization; and the guardrails on them.
#include <catch2/catch.hpp>

#include "policies/dmarc/evaluation.h"
#include "policies/dmarc/impact.h"
#include "policies/guardrails/dmarc.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using namespace testing;
using std::chrono::days;

constexpr RecordType kText = RecordType::TXT;
const Date kNow = *parse_date("2026-11-21");
const Date kSeen = *parse_date("2026-11-10");
const Name kOrg = Name::literal("example.com");

std::vector<Name> names(const std::vector<std::string>& texts) {
  std::vector<Name> parsed;
  for (const std::string& text : texts) parsed.push_back(Name::literal(text));
  return parsed;
}

/// Mail of `author` that passed for these domains; what is aligned relaxed follows from them.
EvidenceRow passing(const std::string& source, const std::vector<std::string>& dkim,
                    const std::vector<std::string>& spf, std::int64_t messages,
                    const std::string& author = "example.com") {
  EvidenceRow row{.day = kSeen,
                  .policy_domain = kOrg,
                  .header_from = Name::literal(author),
                  .reporter = "google.com",
                  .source = source,
                  .passed = PassedDomains{names(dkim), names(spf)},
                  .messages = messages};
  row.outcome = dkim.empty()  ? DmarcOutcome::SpfOnly
                : spf.empty() ? DmarcOutcome::DkimOnly
                              : DmarcOutcome::Both;
  return row;
}

EvidenceRow failing(const std::string& source, std::int64_t messages,
                    const std::string& author = "example.com") {
  EvidenceRow row = passing(source, {}, {}, messages, author);
  row.outcome = DmarcOutcome::Fail;
  row.marked = source == "office";
  return row;
}

/// example.com with `office` and `sendgrid`, the changes of its names, and evidence.
struct Scene {
  Plan plan;
  Config config;
  World world;

  explicit Scene(std::vector<EvidenceRow> rows, std::vector<Row> live = {}) {
    add_domain("example.com");
    auto& domain = config.domains.at(kOrg);
    domain.senders.emplace();
    for (const char* id : {"office", "sendgrid"}) {
      Sender sender;
      sender.id = id;
      domain.senders->push_back({.sender = std::make_shared<const Sender>(sender),
                                 .with = {},
                                 .retired = {},
                                 .mark = {}});
    }
    config.reporters.known = {"google.com"};
    world = world_with({zone_with("example.com", live)});
    answer(world, "_dmarc.com", {});
    world.now = kNow;
    world.evidence = Evidence{.newest = Time(kNow - days(1)), .rows = std::move(rows)};
    world.evidence->known_reporters = {"google.com"};
    std::ranges::stable_sort(world.evidence->rows, {}, [](const EvidenceRow& row) {
      return std::tie(row.policy_domain, row.day);
    });
  }

  void add_domain(const std::string& name) {
    config.domains.emplace(Name::literal(name), domain_at(name, {Phase::Reject, 100}));
  }

  /// A change at `_dmarc` of a listed domain; the zone holds what was before.
  void change(const std::string& domain, const std::string& before, const std::string& after,
              Stage stage = Stage::Enforce) {
    const Name at = Name::literal("_dmarc." + domain);
    const auto set = [&](const std::string& record) -> std::optional<TypedSet> {
      if (record.empty()) return std::nullopt;
      return TypedSet{kText, {std::chrono::seconds{300}, {"v=DMARC1; " + record}}};
    };
    if (!before.empty()) publish(domain, before);
    plan.changes.push_back({Name::literal(domain),
                            kOrg,
                            "files",
                            parse_change({at, set(before), set(after)}),
                            stage,
                            {"test"}});
  }

  void publish(const std::string& domain, const std::string& record) {
    const RecordKey key{Name::literal("_dmarc." + domain), kText};
    world.zones[0].sets[key] = {
        LiveState::Present, parse_set(key, {std::chrono::seconds{300}, {"v=DMARC1; " + record}}),
        ""};
  }

  Impacts impacts() const { return impact_of(plan, {}, config, world); }
  std::string says() const {
    const Impacts found = impacts();
    REQUIRE(found.known.size() == 1);
    return sentence(found.known[0]);
  }
  std::vector<Finding> findings() const { return mail_lost(plan, config, world); }
};

std::vector<EvidenceRow> five_hundred_by_spf() {
  return {passing("sendgrid", {}, {"em77.example.com"}, 500),
          passing("office", {"example.com"}, {"mail.example.com"}, 2'000)};
}

TEST_CASE("strict alignment fails the mail that passes for another name") {
  Scene scene(five_hundred_by_spf());
  scene.change("example.com", "p=reject", "p=reject; adkim=s; aspf=s");
  CHECK(scene.says() ==
        "2,500 messages: 2,000 pass before and after, 500 no longer pass; 500 would be rejected; "
        "500 from declared senders (sendgrid: 500)");
  const auto findings = scene.findings();
  REQUIRE(codes_of(findings) == std::vector<std::string>{"E alignment-loss"});
  CHECK(findings[0].withholds ==
        std::vector<RecordKey>{{Name::literal("_dmarc.example.com"), kText}});
  CHECK(findings[0].message ==
        "with this record 500 of the 2,500 messages of example.com from 2026-11-04 to 2026-11-17 "
        "fail DMARC that pass today, because their domains are no longer aligned (sendgrid: 500 of "
        "500)");
}

/// The verdicts (pass before, pass after, undetermined) of one row under a change of example.com.
std::vector<std::int64_t> verdicts(const EvidenceRow& row, const std::string& before,
                                   const std::string& after) {
  Scene scene({row});
  scene.change("example.com", before, after);
  const Impacts found = scene.impacts();
  REQUIRE(found.known.size() == 1);
  const Impact& one = found.known[0];
  return {one.pass_before, one.pass_after, one.undetermined};
}

using Counts = std::vector<std::int64_t>;

TEST_CASE("each mechanism has its own mode, and one that remains is enough") {
  const std::string plain = "p=reject";
  const auto sub_dkim = passing("office", {"mail.example.com"}, {}, 10);
  CHECK(verdicts(sub_dkim, plain, "p=reject; adkim=s") == Counts{10, 0, 0});
  CHECK(verdicts(sub_dkim, plain, "p=reject; aspf=s") == Counts{10, 10, 0});
  const auto sub_spf = passing("office", {}, {"mail.example.com"}, 10);
  CHECK(verdicts(sub_spf, plain, "p=reject; adkim=s") == Counts{10, 10, 0});
  CHECK(verdicts(sub_spf, plain, "p=reject; aspf=s") == Counts{10, 0, 0});
  const auto two = passing("office", {"example.com", "mail.example.com"}, {"x.example.com"}, 10);
  CHECK(verdicts(two, plain, "p=reject; adkim=s; aspf=s") == Counts{10, 10, 0});
  const auto below = passing("office", {"example.com"}, {}, 10, "news.example.com");
  CHECK(verdicts(below, plain, "p=reject; adkim=s") == Counts{10, 0, 0});
}

TEST_CASE("mail that failed under strict alignment may pass when it is relaxed") {
  EvidenceRow row = passing("office", {"mail.example.com"}, {}, 10);
  row.outcome = DmarcOutcome::Fail;
  Scene scene({row});
  scene.change("example.com", "p=none; adkim=s", "p=reject");
  CHECK(scene.says() ==
        "10 messages: 0 pass before and after, 10 pass only after; none would be quarantined or "
        "rejected");
}

TEST_CASE("evidence that states no domains is not evaluated, and it is said") {
  EvidenceRow old = passing("office", {"example.com"}, {}, 10);
  old.passed = {};
  Scene scene({old, passing("sendgrid", {"example.com"}, {}, 90)});
  scene.change("example.com", "p=reject", "p=reject; adkim=s");
  const Impacts found = scene.impacts();
  REQUIRE(found.known.size() == 1);
  CHECK(sentence(found.known[0]) ==
        "100 messages: 90 pass before and after, 10 cannot be evaluated; none would be quarantined "
        "or "
        "rejected");
  CHECK(found.known[0].notes ==
        std::vector<std::string>{
            "10 messages cannot be evaluated: reports do not show for which domain they passed"});
  CHECK(codes_of(scene.findings()) == std::vector<std::string>{"W alignment-loss"});
  Scene step({old});
  step.change("example.com", "p=none", "p=reject");
  CHECK(step.says() ==
        "10 messages: 10 pass before and after; none would be quarantined or "
        "rejected");
  CHECK(step.findings().empty());
}

TEST_CASE("a sub-domain that becomes an organization loses alignment by tree walk alone") {
  const auto rows = [] {
    return std::vector<EvidenceRow>{
        passing("office", {"example.com"}, {}, 40, "news.example.com"),
        passing("office", {"news.example.com"}, {}, 60, "news.example.com")};
  };
  Scene scene(rows());
  scene.add_domain("news.example.com");
  scene.publish("example.com", "p=reject");
  scene.change("news.example.com", "", "p=reject; psd=n");
  const Impacts found = scene.impacts();
  REQUIRE(found.known.size() == 1);
  CHECK(found.known[0].domain == Name::literal("news.example.com"));
  CHECK(found.known[0].receiver == dmarc::Receiver::HonoursTesting);
  CHECK(sentence(found.known[0]) ==
        "100 messages: 60 pass before and after, 40 no longer pass; 40 would be rejected, all from "
        "1 undeclared source; none from declared senders");
  CHECK(codes_of(scene.findings()) == std::vector<std::string>{"E alignment-loss"});
  // A record without psd leaves the organization where it is (RFC 9989 section 4.10.2).
  Scene plain(rows());
  plain.add_domain("news.example.com");
  plain.publish("example.com", "p=reject");
  plain.change("news.example.com", "", "p=reject");
  CHECK(plain.impacts().known.empty());
  CHECK(plain.findings().empty());
}

TEST_CASE("a domain that becomes a public suffix parts its listed sub-domains from it") {
  EvidenceRow below = passing("office", {"example.com"}, {}, 40, "news.example.com");
  below.policy_domain = Name::literal("news.example.com");
  Scene scene({below});
  scene.add_domain("news.example.com");
  scene.publish("news.example.com", "p=reject");
  scene.change("example.com", "p=reject", "p=reject; psd=y", Stage::Publish);
  CHECK(scene.says() ==
        "40 messages: 0 pass before and after, 40 no longer pass; 40 would be rejected; 40 from "
        "declared senders (office: 40)");
  const auto findings = scene.findings();
  REQUIRE(codes_of(findings) == std::vector<std::string>{"E alignment-loss"});
  CHECK(findings[0].domain == kOrg);
  CHECK(findings[0].message.find("messages of news.example.com") != std::string::npos);
}

/// (quarantined, rejected) of 100 failing messages of `author` when example.com's record changes.
std::vector<std::int64_t> hits(const std::string& author, const std::string& after,
                               const std::vector<Row>& live = {}) {
  Scene scene({failing("office", 100, author)}, live);
  scene.change("example.com", "p=none", after);
  const Impacts found = scene.impacts();
  REQUIRE(found.known.size() == 1);
  return {found.known[0].quarantined, found.known[0].rejected};
}

TEST_CASE("sp hits names that exist, np those that do not, and unlisted names the harsher") {
  const std::vector<Row> host = {{"shop.example.com", RecordType::A, "192.0.2.1"}};
  CHECK(hits("shop.example.com", "p=none; sp=none; np=reject", host) == Counts{0, 0});
  CHECK(hits("shop.example.com", "p=none; sp=quarantine; np=reject", host) == Counts{100, 0});
  CHECK(hits("made.example.com", "p=none; sp=none; np=reject", host) == Counts{0, 100});
  CHECK(hits("*.example.com", "p=none; sp=none; np=reject", host) == Counts{0, 100});
  CHECK(hits("*.example.com", "p=none; sp=reject; np=none", host) == Counts{0, 100});
  CHECK(hits("example.com", "p=none; sp=reject", host) == Counts{0, 0});
}

TEST_CASE("a changed sp is withheld where a sub-domain's own mail fails") {
  const auto codes = [](const std::vector<EvidenceRow>& rows, const std::string& before,
                        const std::string& after, Stage stage = Stage::Enforce) {
    Scene scene(rows, {{"shop.example.com", RecordType::A, "192.0.2.1"}});
    scene.change("example.com", before, after, stage);
    return codes_of(scene.findings());
  };
  using Codes = std::vector<std::string>;
  const EvidenceRow own = failing("office", 10, "shop.example.com");
  const EvidenceRow good = passing("office", {"example.com"}, {}, 100, "shop.example.com");
  EvidenceRow spoofed = failing("unmarked", 10'000, "*.example.com");
  CHECK(codes({own, good}, "p=reject; sp=none", "p=reject") == Codes{"E sub-domain-loss"});
  CHECK(codes({own, good}, "p=none", "p=none; sp=quarantine") == Codes{"E sub-domain-loss"});
  CHECK(codes({good, spoofed}, "p=reject; sp=none", "p=reject").empty());
  CHECK(codes({own, good}, "p=reject", "p=reject; sp=none", Stage::Relax).empty());
  // Without a change of sp or np the ramp's own gates are about this mail.
  CHECK(codes({own, good}, "p=none", "p=reject").empty());
  // np leaves names that exist alone.
  CHECK(codes({own, good}, "p=none", "p=none; np=reject").empty());
  EvidenceRow unknown = own;
  unknown.reporter = "unknown.example";
  CHECK(codes({unknown, good}, "p=reject; sp=none", "p=reject").empty());
}

TEST_CASE("a little mail may be lost, but no declared sender") {
  const auto codes = [](std::int64_t lost, std::int64_t kept, const std::string& source,
                        const std::string& policy = "p=reject") {
    Scene scene({passing(source, {"mail.example.com"}, {}, lost),
                 passing(source, {"example.com"}, {}, kept),
                 passing("office", {"example.com"}, {}, 9'000)});
    scene.change("example.com", policy, policy + "; adkim=s");
    return codes_of(scene.findings());
  };
  using Codes = std::vector<std::string>;
  CHECK(codes(10, 10, "sendgrid").empty());
  CHECK(codes(11, 10, "sendgrid") == Codes{"E alignment-loss"});
  CHECK(codes(11, 10, "ptr:vendor.example").empty());
  CHECK(codes(1'000, 0, "ptr:vendor.example") == Codes{"E alignment-loss"});
  // Nothing is quarantined or rejected: the mail is not lost yet.
  CHECK(codes(1'000, 0, "sendgrid", "p=none") == Codes{"W alignment-loss"});
}

TEST_CASE(
    "a name that got no answer leaves the organization unknown only where the plan moves it") {
  Scene scene({passing("office", {"mail.example.com"}, {}, 10)});
  scene.world.answers[{Name::literal("_dmarc.mail.example.com"), kText}] = {
      .status = AnswerStatus::Failed, .detail = "timeout"};
  scene.world.zones.clear();
  scene.world.answers[{Name::literal("_dmarc.example.com"), kText}] = {
      .status = AnswerStatus::Data, .values = AnswerValues({"v=DMARC1; p=reject"})};
  scene.plan.changes.clear();
  const DmarcChanges none;
  DmarcEvaluation still(none, scene.world, Side::After);
  CHECK(still.aligned(kOrg, Name::literal("mail.example.com"), dmarc::Alignment::Relaxed,
                      Generation::ByWalk) == DmarcVerdict::Passes);
  scene.change("example.com", "", "p=reject; psd=y");
  const DmarcChanges moved = {{kOrg, &scene.plan.changes[0]}};
  DmarcEvaluation after(moved, scene.world, Side::After);
  CHECK(after.aligned(kOrg, Name::literal("mail.example.com"), dmarc::Alignment::Relaxed,
                      Generation::ByWalk) == DmarcVerdict::Unknown);
  CHECK(after.aligned(kOrg, Name::literal("mail.example.com"), dmarc::Alignment::Strict,
                      Generation::ByWalk) == DmarcVerdict::Fails);
}

}  // namespace
}  // namespace rampart
