/// Other projects' verdicts on records, DMARC evaluations and the suffix list's own tests, where
/// the shared data is next to the checkout. Where a verdict contradicts the RFC, a table lists
/// so.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "mail/dkim/key.h"
#include "mail/dmarc/org_domain.h"
#include "mail/spf/spf.h"
#include "tests/support/places.h"

namespace rampart {
namespace {

using nlohmann::json;

std::ifstream shared_file(const std::string& name) {
  const char* folder = std::getenv("RAMPART_SHARED");
  const std::string base = folder ? folder : source_dir() + "/../shared";
  return std::ifstream(base + "/data/" + name);
}

json load(const std::string& name) {
  std::ifstream file = shared_file(name);
  if (!file) SUCCEED(name << " is not at hand");
  return file ? json::parse(file) : json::array();
}

// Our verdict: a record is good where receivers use it, and clean where we would publish it too.
struct Judgement {
  bool good = false;
  bool clean = false;
};

Judgement judge_dmarc(const std::string& text) {
  return {dmarc::parse_lenient(text).ok(), dmarc::parse(text).ok()};
}

Judgement judge_dkim(const std::string& text) {
  const auto key = dkim::parse_key(text);
  const bool good = key && (key->revoked() || dkim::shape_of(*key));
  return {good, good};
}

Judgement judge_spf(const std::string& text) {
  const bool good = spf::is_spf(text) && spf::parse(text);
  return {good, good};
}

// Verdicts that the RFCs contradict, by record, with what decides.
struct Contradiction {
  std::string record;
  bool good;
  std::string why;
};

const std::vector<Contradiction>& contradictions() {
  static const std::vector<Contradiction> rows = {
      // Called invalid, though it is valid.
      {"v=DMARC1; p=none; rf=bob;", true, "RFC 9989 section 4.8: unknown tags are ignored"},
      {"v=DMARC1; p=none; rf=000000000000000000000000000000000", true,
       "RFC 9989 section 4.8: unknown tags are ignored"},
      // Called invalid for what lookups find; the text itself is valid.
      {"v=spf1 a:13Mk4olS9VWhQqXRl90fKJrD.example.com mx:SfGiqBnQfRbOMapQJhozxo2B.example.com "
       "a:VAFeyU9N2KJX518aGsN3w6VS.example.com ~all",
       true, "RFC 7208 section 4.6.4: void lookups are no matter of syntax"},
      // Called valid, though a domain-spec without a dot is none.
      {"V=spf1 all Include:example.org a ?a -a +a ~a a:x a:x/0 a:x/24//64 a:x//64 mx mx:x ptr "
       "ptr:x "
       "IP4:10.0.0.1 ip4:0.0.0.0/0 ip4:10.0.0.1/24 ip6:2001:db8::1 ip6:2001:db8::1/128 exists:x "
       "REDIRECT=x exp=X Other=x",
       false, "RFC 7208 section 7.1: domain-end is a dot and a toplabel, or a macro"},
      // Shown as plain text there; the version is case-sensitive.
      {"v=dmarc1; p=reject", false, "RFC 9989 section 4.7: exactly DMARC1"},
      {"v=dmarc1;p=none;rua=mailto:dmarc_feedback@inxmail.de&amp;amp;amp;amp;lt;"
       "dmarc_feedback@inxmail.de&amp;amp;amp;amp;gt",
       false, "RFC 9989 section 4.7: exactly DMARC1"},
  };
  return rows;
}

Judgement evaluate(const json& row) {
  const std::string text = row["record"];
  if (row["kind"] == "dmarc") return judge_dmarc(text);
  return row["kind"] == "dkim" ? judge_dkim(text) : judge_spf(text);
}

TEST_CASE("other projects' verdicts on records") {
  std::set<std::string> used;
  for (const json& row : load("records-verdicts.json")) {
    const std::string record = row["record"];
    const std::string expect = row["expect"];
    INFO(row.dump());
    const Judgement ours = evaluate(row);
    const auto known = std::ranges::find(contradictions(), record, &Contradiction::record);
    if (known != contradictions().end()) {
      used.insert(record);
      INFO(known->why);
      CHECK(ours.good == known->good);
    } else if (expect == "invalid") {
      CHECK_FALSE(ours.clean);
    } else {
      CHECK(ours.good);
    }
  }
  // A contradiction that no row needs any more must go.
  if (!used.empty()) CHECK(used.size() == contradictions().size());
}

// --- DMARC evaluation ----------------------------------------------------------------------------

using Zone = std::map<Name, std::vector<std::string>>;

Zone zone_of(const json& written) {
  Zone zone;
  for (const auto& [name, values] : written.items()) {
    auto& texts = zone[Name::literal(name)];
    for (const json& value : values) {
      if (value.is_string()) texts.push_back(value);
      if (!value.is_array()) continue;
      std::string joined;
      for (const json& piece : value) joined += piece.get<std::string>();
      texts.push_back(joined);
    }
  }
  return zone;
}

Answer answer_of(const Zone& zone, const Name& name) {
  Answer answer;
  const auto at = zone.find(name);
  if (at != zone.end() && !at->second.empty()) {
    answer.status = AnswerStatus::Data;
    answer.values = at->second;
    return answer;
  }
  const bool exists =
      std::ranges::any_of(zone, [&name](const auto& row) { return row.first.is_within(name); });
  answer.status = exists ? AnswerStatus::NoData : AnswerStatus::NxDomain;
  return answer;
}

struct Evaluator {
  Zone zone;
  Answers answers;

  template <class Ask>
  auto settle(Ask ask) {
    for (int round = 0;; ++round) {
      std::vector<Question> unknown;
      auto outcome = ask(unknown);
      if (unknown.empty() || round == 5) return outcome;
      for (const Question& question : unknown) answers[question] = answer_of(zone, question.name);
    }
  }

  std::optional<dmarc::DiscoveredPolicy> discovered(const Name& author) {
    using Policy = std::optional<dmarc::DiscoveredPolicy>;
    return settle([&](auto& unknown) { return dmarc::discover_by_walk(author, answers, unknown); })
        .match([](const dmarc::DiscoveredPolicy& one) { return Policy(one); },
               [] { return Policy(); }, [](const Unanswered&) { return Policy(); });
  }

  Name org(const Name& name) {
    return settle([&](auto& unknown) { return dmarc::org_domain_walk(name, answers, unknown); })
        .match([](const Name& org) { return org; }, [&] { return name; },
               [&](const Unanswered&) { return name; });
  }

  bool aligned(const Name& author, const json& domain, std::optional<dmarc::Alignment> mode) {
    if (!domain.is_string()) return false;
    const Name other = Name::literal(domain.get<std::string>());
    if (mode == dmarc::Alignment::Strict) return other == author;
    return org(other) == org(author);
  }
};

dmarc::Policy after_testing(const dmarc::DiscoveredPolicy& discovered) {
  if (!discovered.record.testing.value_or(false)) return discovered.policy;
  return discovered.policy == dmarc::Policy::Reject ? dmarc::Policy::Quarantine
                                                    : dmarc::Policy::None;
}

void check_expectations(Evaluator& evaluator, const json& row) {
  const Name author = Name::literal(row["author"].get<std::string>());
  const json& expect = row["expect"];
  const auto discovered = evaluator.discovered(author);
  if (expect.value("result", "") == "none") {
    // The note there calls it debated whether the walk continues once several records were
    // dropped; RFC 9989 section 4.10 step 2 drops them and step 7 continues.
    const bool goes_on = row["name"] == "multiple records at author: no fallback to org";
    CHECK(discovered.has_value() == goes_on);
    return;
  }
  REQUIRE(discovered);
  bool pass = evaluator.aligned(author, row["spf_pass"], discovered->record.aspf);
  if (expect.contains("spf_aligned")) CHECK(pass == expect["spf_aligned"].get<bool>());
  for (const json& domain : row["dkim_pass"]) {
    pass = pass || evaluator.aligned(author, domain, discovered->record.adkim);
  }
  if (expect.contains("result")) CHECK(pass == (expect["result"] == "pass"));
  if (expect.contains("policy")) CHECK(to_text(after_testing(*discovered)) == expect["policy"]);
  if (expect.contains("policy_domain")) CHECK(discovered->at.text() == expect["policy_domain"]);
  if (expect.contains("org")) CHECK(discovered->org_domain.text() == expect["org"]);
}

TEST_CASE("other projects' DMARC evaluations") {
  for (const json& row : load("dmarc-evaluation.json")) {
    INFO(row.dump());
    Evaluator evaluator{zone_of(row["zone"]), {}};
    if (row.contains("author")) {
      check_expectations(evaluator, row);
      continue;
    }
    const std::string name = row["report_for"].get<std::string>() + "._report._dmarc." +
                             row["rua_domain"].get<std::string>();
    const Answer answer = answer_of(evaluator.zone, Name::literal(name));
    CHECK(std::ranges::any_of(answer.values_or_none(), dmarc::is_dmarc) ==
          row["expect"]["accepts"].get<bool>());
  }
}

TEST_CASE("the public suffix list's own tests") {
  std::ifstream file = shared_file("test_psl.txt");
  if (!file) SUCCEED("test_psl.txt is not at hand");
  const std::regex call("^checkPublicSuffix\\('(.*)', (?:'(.*)'|null)\\);");
  std::smatch parts;
  for (std::string line; std::getline(file, line);) {
    if (!std::regex_search(line, parts, call)) continue;
    INFO(line);
    const auto name = Name::parse(parts[1].str());
    // A leading dot makes no name; the tests want no organizational domain for those either.
    if (!name) {
      CHECK_FALSE(parts[2].matched);
      continue;
    }
    if (parts[2].matched) {
      CHECK(dmarc::org_domain_psl(*name) == Name::literal(parts[2].str()));
      CHECK_FALSE(dmarc::is_public_suffix(Name::literal(parts[2].str())));
    } else {
      CHECK(dmarc::is_public_suffix(*name));
      CHECK(dmarc::org_domain_psl(*name) == *name);
    }
  }
}

}  // namespace
}  // namespace rampart
