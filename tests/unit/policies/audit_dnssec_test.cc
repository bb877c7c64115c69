/// DNSSEC and TLSA in an audit: signed, unsigned and unknown are kept apart.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/audit_zone.h"

namespace rampart::audit {
namespace {

constexpr std::string_view kUsable =
    "3 1 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

enum class Validating { No, Yes };

/// The zones of a case that are signed: names, with all below them.
using Signed = std::vector<std::string>;

DnssecAnswers answers_of(const Facts& facts, const spf::TestZone& zone, const Signed& zones) {
  DnssecAnswers known;
  for (const Question& one : dnssec_questions(facts)) {
    const Answer answer = zone.answer(one);
    const bool is_signed = std::ranges::any_of(
        zones, [&](const std::string& apex) { return one.name.is_within(Name::literal(apex)); });
    known.answers[one] = {answer, is_signed && answer.status != AnswerStatus::Failed};
  }
  return known;
}

struct DnssecCase {
  const char* what;
  std::string lines;
  Signed zones;
  Validating validating;
};

/// example.com, a zone with one MX host in another, and the lines of the case.
Facts facts_of(const DnssecCase& one) {
  const spf::TestZone zone(
      "example.com SOA ns.example.com h.example.com 1 2 3 4 5\n"
      "example.com MX 10 mx.example.net\nmx.example.net A 192.0.2.1\n" +
      one.lines);
  Facts facts = facts_of(
      Subject{.domain = Name::literal("example.com"), .dnssec = ReadDnssec::Yes, .selectors = {}},
      zone);
  DnssecAnswers known = answers_of(facts, zone, one.zones);
  known.validating = one.validating == Validating::Yes;
  set_dnssec(facts, known);
  return facts;
}

std::string usable_at(const std::string& host) {
  return "_25._tcp." + host + " TLSA " + std::string(kUsable) + "\n";
}

Verdict verdict_of(const Facts& facts, std::string_view id) {
  for (const RuleResult& one : find_profile("nl-comply")->rule_results(facts)) {
    INFO(one.reason);
    CHECK_FALSE(one.reason.empty());
    if (one.id == id) return one.verdict;
  }
  FAIL("no rule " << id);
  return Verdict::Unknown;
}

}  // namespace

TEST_CASE("a domain is signed, unsigned or unknown") {
  struct Row {
    DnssecCase given;
    Security security;
    Verdict verdict;
  };
  const std::string silent = "example.com * !servfail\n";
  const Row rows[] = {
      {{"AD", "", {"example.com"}, Validating::No}, Security::Secure, Verdict::Pass},
      {{"AD, from a validator", "", {"com"}, Validating::Yes}, Security::Secure, Verdict::Pass},
      {{"no AD, and nothing is known of the resolver", "", {}, Validating::No},
       Security::Unknown,
       Verdict::Unknown},
      {{"no AD, from a validator", "", {}, Validating::Yes}, Security::Insecure, Verdict::Fail},
      {{"DS, and no validator", "example.com DS 1 13 2 aa", {}, Validating::No},
       Security::Unknown,
       Verdict::Unknown},
      {{"no answer, from a validator: it may be bogus", silent, {"com"}, Validating::Yes},
       Security::Unknown,
       Verdict::Unknown},
      {{"no answer", silent, {}, Validating::No}, Security::Unknown, Verdict::Unknown},
  };
  for (const Row& row : rows) {
    INFO(row.given.what);
    const Facts facts = facts_of(row.given);
    CHECK(facts.dnssec.security == row.security);
    CHECK(verdict_of(facts, "dnssec") == row.verdict);
  }
}

TEST_CASE("a signed statement that a zone has no DS proves it unsigned") {
  const auto security_with = [](const char* lines) {
    const spf::TestZone zone(lines);
    Facts facts = facts_of(
        Subject{.domain = Name::literal("example.com"), .dnssec = ReadDnssec::Yes, .selectors = {}},
        zone);
    DnssecAnswers known = answers_of(facts, zone, {});
    known.answers[{Name::literal("example.com"), RecordType::DS}].authenticated = true;
    set_dnssec(facts, known);
    return facts.dnssec.security;
  };
  CHECK(security_with("example.com MX 0 .\nexample.com SOA a b 1 2 3 4 5") == Security::Insecure);
  // Without a SOA the name may be inside a signed zone, whose other answers came without AD.
  CHECK(security_with("example.com MX 0 .") == Security::Unknown);
  CHECK(security_with("example.com MX 0 .\nexample.com SOA a b 1 2 3 4 5\n"
                      "example.com DS 1 13 2 aa") == Security::Unknown);
}

TEST_CASE("the chain names every zone cut from the top") {
  const Facts facts = facts_of(
      DnssecCase{"", "com DS 1 13 2 aa\nexample.com DS !servfail", {"com"}, Validating::Yes});
  REQUIRE(facts.dnssec.chain.size() == 2);
  CHECK(facts.dnssec.chain[0].name == Name::literal("com"));
  CHECK(facts.dnssec.chain[0].state == State::Valid);
  CHECK(facts.dnssec.chain[0].security == Security::Secure);
  CHECK(facts.dnssec.chain[1].state == State::Unobservable);
  CHECK(facts.dnssec.chain[1].security == Security::Unknown);
}

TEST_CASE("DANE is worth something only where every host has it, signed") {
  const std::string usable = usable_at("mx.example.net");
  const std::string second = "example.com MX 20 b.example.net\n";
  const std::string name = "_25._tcp.mx.example.net TLSA ";
  const Signed both = {"com", "net"};
  const std::pair<DnssecCase, Verdict> rows[] = {
      {{"usable and signed", usable, both, Validating::Yes}, Verdict::Pass},
      {{"the same, by AD alone", usable, both, Validating::No}, Verdict::Pass},
      {{"signed, without TLSA", "", both, Validating::Yes}, Verdict::Fail},
      {{"usage 1", name + "1 1 1 " + std::string(kUsable.substr(6)), both, Validating::Yes},
       Verdict::Fail},
      {{"one of two is usable", usable + name + "9 9 9 aa", both, Validating::Yes}, Verdict::Pass},
      {{"malformed", name + "3 1 1 zz", both, Validating::Yes}, Verdict::Fail},
      {{"the host is not signed", usable, {"com"}, Validating::Yes}, Verdict::Fail},
      {{"the domain is not signed", usable, {"net"}, Validating::Yes}, Verdict::Fail},
      {{"nothing is known of the resolver", usable, {}, Validating::No}, Verdict::Unknown},
      {{"no answer", name + "!servfail", both, Validating::Yes}, Verdict::Unknown},
      {{"a second host without it", usable + second, both, Validating::Yes}, Verdict::Fail},
      {{"a second host without an answer",
        usable + second + "_25._tcp.b.example.net TLSA !servfail", both, Validating::Yes},
       Verdict::Unknown},
  };
  for (const auto& [given, verdict] : rows) {
    INFO(given.what);
    CHECK(verdict_of(facts_of(given), "dane") == verdict);
  }
}

TEST_CASE("a host's zone is evaluated by its answer, also by one without records") {
  const auto verdict = [](const std::string& lines, const Signed& zones, Validating validating) {
    return verdict_of(facts_of(DnssecCase{"", lines, zones, validating}), "dnssec-mx");
  };
  CHECK(verdict("", {"net"}, Validating::No) == Verdict::Pass);
  CHECK(verdict("", {}, Validating::Yes) == Verdict::Fail);
  CHECK(verdict("", {}, Validating::No) == Verdict::Unknown);
  CHECK(verdict("_25._tcp.mx.example.net TLSA !servfail", {}, Validating::Yes) == Verdict::Unknown);
}

TEST_CASE("a domain without mail needs neither, and one that was not read is unknown") {
  const spf::TestZone zone("example.com MX 0 .");
  const Facts silent = facts_of(
      Subject{.domain = Name::literal("example.com"), .dnssec = ReadDnssec::Yes, .selectors = {}},
      zone);
  CHECK(verdict_of(silent, "dane") == Verdict::Pass);
  CHECK(verdict_of(silent, "dnssec-mx") == Verdict::Pass);
  CHECK(verdict_of(silent, "dnssec") == Verdict::Unknown);
  CHECK(verdict_of(good_facts(), "dnssec") == Verdict::Unknown);
  CHECK(verdict_of(good_facts(), "dane") == Verdict::Unknown);
}

TEST_CASE("what senders skip is kept beside what they use") {
  const Facts facts =
      facts_of(DnssecCase{"",
                          usable_at("mx.example.net") + "_25._tcp.mx.example.net TLSA 1 0 0 aa\n",
                          {},
                          Validating::No});
  REQUIRE(facts.dnssec.hosts.size() == 1);
  const TlsaFacts& host = facts.dnssec.hosts.front();
  CHECK(host.state == State::Valid);
  CHECK(host.records.size() == 2);
  REQUIRE(host.problems.size() == 1);
  CHECK(host.problems.front() == "\"1 0 0 aa\": usage 1 is not used for mail, only 2 and 3 are");
}

}  // namespace rampart::audit
