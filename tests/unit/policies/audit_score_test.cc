#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/audit_zone.h"

namespace rampart::audit {
namespace {

int points(const std::vector<ScorePart>& parts, std::string_view what) {
  const auto found = std::ranges::find(parts, what, &ScorePart::what);
  REQUIRE(found != parts.end());
  return found->points;
}

/// The points of one part once these lines are replaced, and the whole score.
void check(std::string_view replaced, std::string_view lines, std::string_view what, int part,
           int score) {
  INFO(lines << " " << what);
  const auto parts = score_parts(good_facts_but(replaced, lines));
  CHECK(points(parts, what) == part);
  CHECK(score_of(parts) == score);
}

std::string verdicts(const Facts& facts, std::string_view profile) {
  std::string text;
  for (const RuleResult& one : find_profile(profile)->rule_results(facts)) {
    text += std::string(one.id) + " " + std::string(to_text(one.verdict)) + "\n";
    CHECK_FALSE(one.reason.empty());
    CHECK_FALSE(one.source.empty());
  }
  return text;
}

Verdict verdict(const Facts& facts, std::string_view profile, std::string_view id) {
  const auto rule_results = find_profile(profile)->rule_results(facts);
  const auto found = std::ranges::find(rule_results, id, &RuleResult::id);
  REQUIRE(found != rule_results.end());
  return found->verdict;
}

}  // namespace

TEST_CASE("every part has a reason, and what can be had comes to 100") {
  for (const Facts& facts :
       {good_facts(), facts_of("gone.example", ""),
        facts_of("bare.example", "bare.example A 192.0.2.1"),
        facts_of("down.example", "down.example * !servfail\n_dmarc.down.example * !servfail")}) {
    int most = 0;
    for (const ScorePart& part : score_parts(facts)) {
      CHECK_FALSE(part.reason.empty());
      CHECK(part.points >= 0);
      CHECK(part.points <= part.of);
      most += part.of;
    }
    CHECK(most == 100);
  }
}

TEST_CASE("the score of a domain, point by point") {
  check("nothing", "", "SPF record", 12, 100);
  check("example.com TXT", "", "SPF record", 0, 75);
  check("example.com TXT", "example.com TXT v=spf1 mx +all", "SPF record", 0, 83);
  const auto vendor = [](const std::string& record) {
    return "example.com TXT v=spf1 include:v.example -all\nv.example TXT v=spf1 " + record;
  };
  check("example.com TXT", vendor("ip4:192.0.2.0/24 -all"), "SPF record", 12, 100);
  check("example.com TXT", vendor("+all"), "SPF record", 0, 83);
  check("example.com TXT", vendor("+all"), "SPF ending", 0, 83);
  check("example.com TXT", vendor("ip4:10.0.0.0/7 -all"), "SPF record", 0, 88);
  check("example.com TXT", vendor("ip6:2a00::/15 -all"), "SPF record", 0, 88);
  check("example.com TXT", vendor("exists:%{i}.v.example -all"), "SPF record", 6, 94);
  check("example.com TXT", vendor("ptr -all"), "SPF record", 6, 94);
  check("example.com TXT", "example.com TXT v=spf1 mx ?all", "SPF ending", 0, 95);
  check("example.com TXT", "example.com TXT v=spf1 include:gone.example -all", "SPF limits", 0, 92);
  check("s1.", "", "DKIM key", 0, 80);
  check("s1.", "s1._domainkey.example.com TXT v=DKIM1; p=", "DKIM key", 0, 80);
  check("_dmarc", "", "DMARC record", 0, 60);
  check("_dmarc", "_dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:d@example.com",
        "DMARC policy", 0, 78);
  check("_dmarc", "_dmarc.example.com TXT v=DMARC1; p=quarantine; rua=mailto:d@example.com",
        "DMARC policy", 10, 95);
  check("_dmarc", "_dmarc.example.com TXT v=DMARC1; p=reject; pct=5; rua=mailto:d@example.com",
        "DMARC in full", 0, 97);
  check("_dmarc", "_dmarc.example.com TXT v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com",
        "DMARC sub-domains", 0, 96);
  check("_dmarc", "_dmarc.example.com TXT v=DMARC1; p=reject", "DMARC reports", 0, 92);
  check("_dmarc",
        "_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:d@example.com,mailto:d@x.example",
        "DMARC reports", 5, 97);
  check("_mta-sts", "", "MTA-STS", 0, 94);
  check("_smtp", "", "TLS reports", 0, 95);
  check("example.com MX", "example.com MX 0 .\nexample.com MX 5 mx.example.com", "MX", 0, 96);
}

TEST_CASE("the reason of the policy's points names the receivers that apply less") {
  const auto reason = [](const std::string& record) {
    const auto parts = score_parts(
        good_facts_but("_dmarc.example.com", "_dmarc.example.com TXT v=DMARC1; " + record));
    return std::ranges::find(parts, std::string("DMARC policy"), &ScorePart::what)->reason;
  };
  CHECK(reason("p=reject") == "p=reject");
  CHECK(reason("p=quarantine; t=y") ==
        "p=quarantine; receivers that follow RFC 9989 apply a milder one (t=y)");
  CHECK(reason("p=quarantine; pct=10") ==
        "p=quarantine; receivers that follow RFC 7489 apply it to 10 % of the mail (pct=10)");
}

TEST_CASE("a domain without mail can have every point") {
  const Facts facts = facts_of("parked.example",
                               "parked.example TXT v=spf1 -all\n"
                               "parked.example MX 0 .\n"
                               "rua.parked.example A 192.0.2.1\n"
                               "_dmarc.parked.example TXT v=DMARC1; p=reject; "
                               "rua=mailto:d@rua.parked.example\n");
  CHECK(score_of(score_parts(facts)) == 100);
  // RFC 7505: its null MX refuses its own reports.
  const Facts deaf = facts_of("parked.example",
                              "parked.example TXT v=spf1 -all\n"
                              "parked.example MX 0 .\n"
                              "_dmarc.parked.example TXT v=DMARC1; p=reject; "
                              "rua=mailto:d@parked.example\n");
  CHECK(score_of(score_parts(deaf)) == 92);
}

TEST_CASE("a policy that was not fetched has half its points") {
  Facts facts = good_facts();
  facts.mta_sts.fetched.reset();
  facts.mta_sts.policy.reset();
  CHECK(points(score_parts(facts), "MTA-STS") == 3);
}

TEST_CASE("bulk senders' rules") {
  CHECK(verdicts(good_facts(), "bulk-sender") ==
        "spf pass\nspf-or-dkim pass\ndkim pass\ndkim-2048 pass\ndmarc pass\naligned unknown\n"
        "both-pass unknown\nptr unknown\ntls unknown\none-click unknown\nspam-rate unknown\n");
  CHECK(verdict(good_facts_but("_dmarc", ""), "bulk-sender", "dmarc") == Verdict::Fail);
  CHECK(verdict(good_facts_but("s1.", ""), "bulk-sender", "dkim") == Verdict::Fail);
  CHECK(verdict(facts_of("example.com", kGood), "bulk-sender", "dkim") == Verdict::Unknown);
  CHECK(verdict(good_facts_but("example.com TXT", ""), "bulk-sender", "spf") == Verdict::Fail);
  CHECK(verdict(good_facts_but("example.com TXT", "example.com TXT !servfail"), "bulk-sender",
                "spf") == Verdict::Unknown);
}

TEST_CASE("the rules of BOD 18-01") {
  CHECK(verdicts(good_facts(), "bod-18-01") ==
        "spf pass\nspf-restricts pass\ndmarc pass\ndmarc-reject pass\nsub-domains pass\nrua pass\n"
        "rua-cisa fail\nstarttls unknown\n");
  const auto with = [](const char* record) {
    return good_facts_but("_dmarc", "_dmarc.example.com TXT " + std::string(record));
  };
  CHECK(verdict(with("v=DMARC1; p=quarantine"), "bod-18-01", "dmarc-reject") == Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; p=reject; pct=50"), "bod-18-01", "dmarc-reject") == Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; p=reject"), "bod-18-01", "rua") == Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; p=reject; rua=mailto:reports@dmarc.cyber.dhs.gov"), "bod-18-01",
                "rua-cisa") == Verdict::Pass);
}

TEST_CASE("the rules of RFC 9989") {
  CHECK(verdicts(good_facts(), "rfc9989") ==
        "one-record pass\nfound pass\np pass\ntags pass\nhistoric pass\nsizes pass\nconsent pass\n"
        "discovery pass\ndeep-names pass\nreject-dkim pass\n");
  const auto with = [](const char* record) {
    return good_facts_but("_dmarc", "_dmarc.example.com TXT " + std::string(record));
  };
  CHECK(verdict(with("v=DMARC1; p=reject; pct=100"), "rfc9989", "historic") == Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; p=reject; ri=3600"), "rfc9989", "historic") == Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; rua=mailto:d@example.com"), "rfc9989", "p") == Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; p=none; aspf=q"), "rfc9989", "tags") == Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; p=none; rua=mailto:d@example.com!10m"), "rfc9989", "sizes") ==
        Verdict::Fail);
  CHECK(verdict(with("v=DMARC1; p=none; rua=mailto:d@other.example"), "rfc9989", "consent") ==
        Verdict::Fail);
  CHECK(verdict(good_facts_but("s1.", ""), "rfc9989", "reject-dkim") == Verdict::Fail);
  CHECK(verdict(facts_of("example.com", kGood), "rfc9989", "reject-dkim") == Verdict::Unknown);
}

TEST_CASE("a broken rule is an error, and only that") {
  const Profile* profile = find_profile("bod-18-01");
  const Report report = report_on(good_facts(), profile);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().code == "profile-rule");
  CHECK(report.findings.front().severity == Severity::Error);
  CHECK_FALSE(conforms(report.rule_results));
  CHECK(report_on(good_facts(), find_profile("rfc9989")).findings.empty());
  // What is only recommended is a warning.
  const Report old =
      report_on(good_facts_but("_dmarc",
                               "_dmarc.example.com TXT v=DMARC1; p=reject; ri=86400; "
                               "rua=mailto:d@example.com"),
                find_profile("rfc9989"));
  REQUIRE(old.findings.size() == 2);
  CHECK(old.findings.back().code == "profile-rule");
  CHECK(old.findings.back().severity == Severity::Warning);
  CHECK(conforms(old.rule_results));
  CHECK(find_profile("none") == nullptr);
  CHECK(std::ranges::is_sorted(profiles(), {}, &Profile::name));
}

}  // namespace rampart::audit
