/// Organizational domains and DMARC discovery, by suffix list and by tree walk.
#include "mail/dmarc/org_domain.h"

#include <catch2/catch.hpp>
#include <map>

namespace rampart::dmarc {
namespace {

using Zone = std::map<std::string, std::vector<std::string>>;

// The whole zone as a table; every other name is answered on demand.
struct World {
  Zone zone;
  Answers answers;

  void answer(const Question& question) {
    Answer& answer = answers[question];
    const auto at = zone.find(question.name.text());
    if (at != zone.end() && !at->second.empty()) {
      answer.status = AnswerStatus::Data;
      answer.values = at->second;
      return;
    }
    answer.status = AnswerStatus::NxDomain;
    for (const auto& [name, values] : zone) {
      if (Name::literal(name).is_within(question.name)) answer.status = AnswerStatus::NoData;
    }
  }

  // Asks until nothing is unknown; rounds are bounded.
  template <class Ask>
  auto settle(Ask ask) {
    for (int round = 0;; ++round) {
      std::vector<Question> unknown;
      auto outcome = ask(unknown);
      if (unknown.empty() || round == 5) {
        CHECK(unknown.empty());
        return outcome;
      }
      for (const Question& question : unknown) answer(question);
    }
  }
};

std::string text_of(const Known<DiscoveredPolicy>& discovered) {
  return discovered.match(
      [](const DiscoveredPolicy& one) {
        return one.at.text() + " " + std::string(to_text(one.policy)) + " org " +
               one.org_domain.text();
      },
      [] { return std::string("none"); },
      [](const Unanswered& gap) { return "unknown: " + gap.question.name.text(); });
}

struct Case {
  std::string author;
  Zone zone;
  std::string by_walk;
  std::string by_psl;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(c.author << (c.zone.empty() ? "" : " " + c.zone.begin()->second.front()));
    World world{c.zone, {}};
    const Name author = Name::literal(c.author);
    const auto walk = world.settle(
        [&](auto& unknown) { return discover_by_walk(author, world.answers, unknown); });
    const auto psl = world.settle(
        [&](auto& unknown) { return discover_by_psl(author, world.answers, unknown); });
    CHECK(text_of(walk) == c.by_walk);
    CHECK(text_of(psl) == c.by_psl);
  }
}

TEST_CASE("a query without an answer leaves open what it may decide") {
  const Name author = Name::literal("a.b.example.com");
  const Zone zone = {{"_dmarc.example.com", {"v=DMARC1; p=reject; sp=quarantine; np=reject"}},
                     {"a.b.example.com", {"x"}}};
  const auto shown = [&](const Zone& records, const char* silent) {
    World world{records, {}};
    world.answers[{Name::literal(silent), RecordType::TXT}] = {.status = AnswerStatus::Failed,
                                                               .detail = "timeout"};
    const auto walk = world.settle(
        [&](auto& unknown) { return discover_by_walk(author, world.answers, unknown); });
    const auto psl = world.settle(
        [&](auto& unknown) { return discover_by_psl(author, world.answers, unknown); });
    return text_of(walk) + ", " + text_of(psl);
  };
  const std::string governed = "example.com quarantine org example.com";
  CHECK(shown(zone, "_dmarc.example.org") == governed + ", " + governed);
  for (const char* silent : {"_dmarc.a.b.example.com", "_dmarc.example.com"}) {
    const std::string unknown = std::string("unknown: ") + silent;
    CHECK(shown(zone, silent) == unknown + ", " + unknown);
  }
  // The list needs the author domain and the organization alone.
  CHECK(shown(zone, "_dmarc.b.example.com") == "unknown: _dmarc.b.example.com, " + governed);
  // A public suffix matters only where there is no record below it.
  CHECK(shown(zone, "_dmarc.com") == governed + ", " + governed);
  CHECK(shown({}, "_dmarc.com") == "unknown: _dmarc.com, none");
  // Whether the name exists decides between sp and np.
  CHECK(shown(zone, "a.b.example.com") == "unknown: a.b.example.com, " + governed);
  // The author domain's own record needs nothing else, and psd=n ends the walk.
  Zone own = zone;
  own["_dmarc.a.b.example.com"] = {"v=DMARC1; p=none; psd=n"};
  CHECK(shown(own, "_dmarc.example.com") ==
        "a.b.example.com none org a.b.example.com, a.b.example.com none org example.com");
  Zone above = zone;
  above["_dmarc.b.example.com"] = {"v=DMARC1; p=none; psd=n"};
  CHECK(shown(above, "_dmarc.com").starts_with("b.example.com none org b.example.com, "));
}

TEST_CASE("which record governs, by either generation") {
  check({
      {"example.com", {}, "none", "none"},
      {"example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=reject; sp=none"}}},
       "example.com reject org example.com",
       "example.com reject org example.com"},
      {"a.example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=reject; sp=quarantine"}}, {"a.example.com", {"x"}}},
       "example.com quarantine org example.com",
       "example.com quarantine org example.com"},
      // RFC 9989 section 4.10.1: the organizational domain, not the nearest ancestor.
      {"a.b.example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=none; sp=quarantine"}},
        {"_dmarc.b.example.com", {"v=DMARC1; p=reject"}}},
       "example.com quarantine org example.com",
       "example.com quarantine org example.com"},
      // RFC 9989 section 4.7: np for names that do not exist; older receivers take sp.
      {"a.example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=reject; sp=none; np=quarantine"}}},
       "example.com quarantine org example.com",
       "example.com none org example.com"},
      {"a.example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=reject; sp=none; np=quarantine"}},
        {"x.a.example.com", {"x"}}},
       "example.com none org example.com",
       "example.com none org example.com"},
      // RFC 9989 section 4.10 steps 2 and 6: several records are no record.
      {"example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=reject", "v=DMARC1; p=none"}}},
       "none",
       "none"},
      {"a.example.com",
       {{"_dmarc.a.example.com", {"v=DMARC1; p=reject", "v=DMARC1; p=none"}},
        {"_dmarc.example.com", {"v=DMARC1; p=quarantine"}}},
       "example.com quarantine org example.com",
       "example.com quarantine org example.com"},
      {"example.com",
       {{"_dmarc.example.com", {"google-site=1", "v=DMARC1; p=reject", "v=dmarc1; p=none"}}},
       "example.com reject org example.com",
       "example.com reject org example.com"},
  });
}

TEST_CASE("which record governs where psd=, depth or broken policies interfere") {
  const std::string deep = "a.b.c.d.e.f.g.h.mail.example.com";
  check({
      // RFC 9989 section 4.10.2 rule 1: psd=n.
      {"a.b.example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=none"}},
        {"_dmarc.b.example.com", {"v=DMARC1; p=reject; psd=n"}}},
       "b.example.com reject org b.example.com",
       "example.com none org example.com"},
      // Rule 2: one label below psd=y; its own record is the last resort.
      {"a.foo.example",
       {{"_dmarc.example", {"v=DMARC1; p=reject; psd=y"}},
        {"_dmarc.foo.example", {"v=DMARC1; p=none"}}},
       "foo.example none org foo.example",
       "foo.example none org foo.example"},
      {"a.foo.example",
       {{"_dmarc.example", {"v=DMARC1; p=reject; sp=quarantine; psd=y"}}, {"a.foo.example", {"x"}}},
       "example quarantine org foo.example",
       "none"},
      // RFC 9989 section 4.10: more than eight labels are cut to seven.
      {deep,
       {{"_dmarc.b.c.d.e.f.g.h.mail.example.com", {"v=DMARC1; p=reject; psd=n"}},
        {"_dmarc.example.com", {"v=DMARC1; p=reject; np=none"}}},
       "example.com none org example.com",
       "example.com reject org example.com"},
      // RFC 9989 section 4.10.1: no p and no rua means no DMARC.
      {"example.com", {{"_dmarc.example.com", {"v=DMARC1; adkim=s"}}}, "none", "none"},
      {"example.com",
       {{"_dmarc.example.com", {"v=DMARC1; p=x; rua=mailto:a@example.com"}}},
       "example.com none org example.com",
       "example.com none org example.com"},
      // The suffix list knows co.uk, the walk does not need to.
      {"a.example.co.uk",
       {{"_dmarc.example.co.uk", {"v=DMARC1; p=reject"}}},
       "example.co.uk reject org example.co.uk",
       "example.co.uk reject org example.co.uk"},
  });
}

TEST_CASE("the names that a tree walk asks") {
  const auto texts = [](const std::string& name) {
    std::vector<std::string> found;
    for (const Name& asked : walk_names(Name::literal(name))) found.push_back(asked.text());
    return found;
  };
  CHECK(texts("example.com") == std::vector<std::string>{"_dmarc.example.com", "_dmarc.com"});
  CHECK(texts("com") == std::vector<std::string>{"_dmarc.com"});
  // RFC 9989 section 4.10 shows these eight.
  CHECK(texts("a.b.c.d.e.f.g.h.i.j.mail.example.com") ==
        std::vector<std::string>{"_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
                                 "_dmarc.g.h.i.j.mail.example.com", "_dmarc.h.i.j.mail.example.com",
                                 "_dmarc.i.j.mail.example.com", "_dmarc.j.mail.example.com",
                                 "_dmarc.mail.example.com", "_dmarc.example.com", "_dmarc.com"});
  CHECK(texts("a.b.c.d.e.f.example.com").size() == 8);
  CHECK(texts("a.b.c.d.e.f.g.example.com").size() == 8);
  CHECK(texts("a.b.c.d.e.example.com").size() == 7);
}

TEST_CASE("a tree walk asks nothing above psd=n or psd=y") {
  for (const std::string psd : {"n", "y"}) {
    World world{{{"_dmarc.b.example.com", {"v=DMARC1; p=none; psd=" + psd}}}, {}};
    world.answer({Name::literal("_dmarc.b.example.com"), RecordType::TXT});
    std::vector<Question> unknown;
    org_domain_walk(Name::literal("a.b.example.com"), world.answers, unknown);
    CHECK(unknown ==
          std::vector<Question>{{Name::literal("_dmarc.a.b.example.com"), RecordType::TXT}});
  }
}

TEST_CASE("organizational domains for alignment") {
  World world{{{"_dmarc.mail.example.com", {"v=DMARC1; p=none"}},
               {"_dmarc.example.com", {"v=DMARC1; p=none"}},
               {"_dmarc.x.example.net", {"v=DMARC1; p=none; psd=n"}},
               {"_dmarc.example.net", {"v=DMARC1; p=none"}},
               {"_dmarc.org", {"v=DMARC1; p=none; psd=y"}}},
              {}};
  const std::pair<std::string, std::string> rows[] = {
      {"a.mail.example.com", "example.com"},   {"example.com", "example.com"},
      {"a.x.example.net", "x.example.net"},    {"y.example.net", "example.net"},
      {"a.example.org", "example.org"},        {"org", "org"},
      {"a.b.example.info", "a.b.example.info"}};
  for (const auto& [name, org] : rows) {
    INFO(name);
    const auto found = world.settle([&](auto& unknown) {
      return org_domain_walk(Name::literal(name), world.answers, unknown);
    });
    CHECK(found == Known<Name>(Name::literal(org)));
  }
  CHECK(org_domain_psl(Name::literal("a.b.example.co.uk")).text() == "example.co.uk");
  CHECK(org_domain_psl(Name::literal("co.uk")).text() == "co.uk");
  CHECK(is_public_suffix(Name::literal("co.uk")));
  CHECK_FALSE(is_public_suffix(Name::literal("example.co.uk")));
}

}  // namespace
}  // namespace rampart::dmarc
