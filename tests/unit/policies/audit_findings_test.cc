#include <algorithm>
#include <catch2/catch.hpp>

#include "policies/audit/parts.h"
#include "tests/unit/policies/audit_check.h"

namespace rampart::audit {

TEST_CASE("a complete domain has no finding") { CHECK(findings_of(good_facts()).empty()); }

TEST_CASE("faults of an SPF record") {
  const auto spf = [](const std::string& record, const std::vector<std::string>& expected) {
    check("example.com TXT", "example.com TXT " + record, expected);
  };
  check("example.com TXT", "", {"error spf-missing"});
  spf("site=1", {"error spf-missing"});
  spf("v=spf10 mx -all", {"error spf-missing", "warning spf-near-miss"});
  spf("\"v=spf1 mx -all\"", {"error spf-missing", "warning spf-near-miss"});
  spf("verification=1 v=spf1 mx -all", {"error spf-missing", "warning spf-near-miss"});
  spf("v=spf1 mx -all\nexample.com TXT spf1 a -all", {"warning spf-near-miss"});
  spf("v=spf1 -all\nexample.com TXT v=spf1 mx -all", {"error spf-multiple"});
  spf("v=spf1 ipv4:192.0.2.1 -all", {"error spf-invalid"});
  spf("v=spf1 mx +all", {"error spf-all"});
  spf("v=spf1 mx", {"warning spf-neutral"});
  spf("v=spf1 mx ?all", {"warning spf-neutral"});
  spf("v=spf1 mx ~all", {});
  spf("v=spf1 mx -all ip4:192.0.2.9", {"warning spf-dead-terms"});
  spf("v=spf1 mx -all redirect=other.example", {"warning spf-dead-terms"});
  spf("v=spf1 ptr -all", {"warning spf-ptr"});
  spf("v=spf1" + many("mx", 7) + " -all", {});
  spf("v=spf1" + many("mx", 8) + " -all", {"warning spf-lookups-near"});
  spf("v=spf1" + many("mx", 10) + " -all", {"warning spf-lookups-near"});
  spf("v=spf1" + many("mx", 11) + " -all", {"error spf-lookups"});
  spf("v=spf1 a:v1.example.com a:v2.example.com -all",
      {"warning name-dangling", "warning name-dangling"});
  spf("v=spf1 a:v1.example.com a:v2.example.com a:v3.example.com -all",
      {"warning name-dangling", "warning name-dangling", "warning name-dangling",
       "error spf-voids"});
  spf("v=spf1 include:gone.example -all", {"error spf-unresolved", "error takeover"});
  spf("v=spf1 include:slow.example -all\nslow.example TXT !servfail", {"warning spf-unresolved"});
  spf("v=spf1 exists:%{i}.list.example -all", {"warning authority-wide"});
  spf("v=spf1 include:v.example -all\nv.example TXT v=spf1 exists:%{i}.v.example -all",
      {"warning authority-wide"});
  spf("v=spf1 include:v.example -all\nv.example TXT v=spf1 +all", {"error authority-wide"});
  spf("v=spf1 include:v.example -all\nv.example TXT v=spf1 ip6:::/0 -all",
      {"error authority-wide"});
  spf("v=spf1 -include:v.example mx -all\nv.example TXT v=spf1 +all", {});
  spf("v=spf1 ip4:20.0.0.0/7 -all", {"warning spf-broad"});
  spf("v=spf1 mx -all\nexample.com TXT " + std::string(440, 'x'), {"warning spf-length"});
  spf("v=spf1 redirect=_spf.example.com\n_spf.example.com TXT v=spf1 mx ~all", {});
  spf("v=spf1 redirect=_spf.example.com\n_spf.example.com TXT v=spf1 mx +all", {"error spf-all"});
}

TEST_CASE("faults of a DKIM selector") {
  const auto dkim = [](const std::string& lines, const std::vector<std::string>& expected) {
    check("s1._domainkey.example.com", lines, expected);
  };
  const std::string at = "s1._domainkey.example.com ";
  dkim("", {"warning dkim-not-found"});
  dkim(at + "TXT v=DKIM1; p=", {"warning dkim-not-found"});
  dkim(at + "TXT v=DKIM1; p=AAAA", {"error dkim-key-invalid"});
  dkim(at + "TXT v=DKIM1; h=sha1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
       {"error dkim-key-invalid"});
  dkim(at + "TXT v=DKIM1; s=tlsrpt; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
       {"error dkim-key-invalid"});
  dkim(at + "TXT v=DKIM1; p=\n" + at + "TXT " + std::string(kEd25519), {"error dkim-several-keys"});
  dkim(at + "TXT v=DKIM1; t=y; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
       {"info dkim-testing"});
  dkim(at + "CNAME s1.gone.example", {"warning selector-dangling", "error takeover"});
  // Nobody can register a name there but the vendor.
  dkim(at + "CNAME s1.dkim.vendor.example\nvendor.example A 192.0.2.1",
       {"warning selector-dangling"});
  dkim(at + "CNAME s1.esp.example\ns1.esp.example A 192.0.2.1", {"warning dkim-unresolved"});
  dkim(at + "CNAME s1.esp.example\ns1.esp.example TXT " + std::string(kEd25519), {});
}

TEST_CASE("faults of a DMARC record") {
  const auto dmarc = [](const std::string& record, const std::vector<std::string>& expected) {
    check("_dmarc.example.com", "_dmarc.example.com TXT " + record, expected);
  };
  check("_dmarc.example.com", "", {"error dmarc-missing"});
  dmarc("v=DMARC1; p=none; rua=mailto:d@example.com", {"warning dmarc-not-enforced"});
  dmarc("v=DMARC1; p=quarantine; rua=mailto:d@example.com", {});
  dmarc("v=DMARC1; p=quarantine; pct=10; t=y; rua=mailto:d@example.com", {"warning dmarc-partial"});
  dmarc("v=DMARC1; p=reject; pct=100; rua=mailto:d@example.com", {"info dmarc-historic-tags"});
  dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com", {"warning dmarc-sub-domains"});
  dmarc("v=DMARC1; p=reject; np=quarantine; rua=mailto:d@example.com",
        {"warning dmarc-sub-domains"});
  dmarc("v=DMARC1; p=reject", {"warning reject-without-rua"});
  dmarc("v=DMARC1; p=quarantine", {"warning dmarc-without-rua"});
  dmarc("v=DMARC1; p=rejct", {"error dmarc-invalid"});
  dmarc("v=DMARC1; p=reject; adkim=x; rua=mailto:d@example.com", {"warning dmarc-tag-invalid"});
  // RFC 7489 section 7.2.1.1: reports go by mail; nobody sends them to a web server.
  dmarc("v=DMARC1; p=reject; rua=https://example.com/in",
        {"warning dmarc-tag-invalid", "warning reject-without-rua"});
  // RFC 7489 section 6.3: p comes second. RFC 9989 section 4.8: the version is `v=DMARC1`.
  dmarc("v=DMARC1; sp=reject; p=reject; rua=mailto:d@example.com", {"warning dmarc-near-miss"});
  dmarc("v = DMARC1; p=reject; rua=mailto:d@example.com", {"warning dmarc-near-miss"});
  dmarc("v=dmarc1; p=reject", {"error dmarc-missing", "warning dmarc-near-miss"});
  dmarc("v=DMARC1; p=reject\n_dmarc.example.com TXT v=DMARC1; p=none", {"error dmarc-multiple"});
  dmarc("v=DMARC1; p=reject; rua=mailto:d@reports.example\nreports.example MX 1 mx.example.com",
        {"warning report-unauthorized"});
  dmarc(
      "v=DMARC1; p=reject; rua=mailto:d@reports.example\n"
      "example.com._report._dmarc.reports.example TXT v=DMARC1\n"
      "reports.example MX 1 mx.example.com",
      {});
}

TEST_CASE("a sub-domain is checked by the record that governs it") {
  const std::string parent =
      "_dmarc.example.com TXT v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com\n"
      "news.example.com TXT v=spf1 -all\nexample.com MX 10 news.example.com\n";
  const Facts facts = facts_of("news.example.com", parent);
  CHECK(facts.dmarc.discovered()->at == Name::literal("example.com"));
  CHECK(findings_of(facts) ==
        std::vector<std::string>{"warning dmarc-not-enforced", "warning dmarc-sub-domains"});
}

TEST_CASE("receivers of the two generations may find different records") {
  // The public suffix list knows example.com alone; psd=n ends the walk at b.
  const Facts facts = facts_of("a.b.example.com",
                               "a.b.example.com TXT v=spf1 -all\n"
                               "_dmarc.b.example.com TXT v=DMARC1; p=reject; psd=n; "
                               "rua=mailto:d@example.com\n"
                               "_dmarc.example.com TXT v=DMARC1; p=none; "
                               "rua=mailto:d@example.com\n");
  const auto found = findings_of(facts);
  CHECK(std::ranges::find(found, "warning dmarc-generations-differ") != found.end());
}

TEST_CASE("faults of the transport records") {
  check("_mta-sts", "", {"info mta-sts-missing"});
  check("_mta-sts", "_mta-sts.example.com TXT v=STSv1;", {"warning mta-sts-invalid"});
  check("_smtp._tls", "", {"info tls-rpt-missing"});
  check("_smtp._tls", "_smtp._tls.example.com TXT v=TLSRPTv1; rua=ftp://x",
        {"warning tls-rpt-invalid"});
  check("example.com MX", "example.com MX 0 .\nexample.com MX 10 mx.example.com",
        {"warning mx-null-mixed"});
  check("nothing", "default._bimi.example.com TXT v=BIMI1; l=https://example.com/logo.svg", {});
  check("_dmarc",
        "_dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:d@example.com\n"
        "default._bimi.example.com TXT v=BIMI1; l=https://example.com/logo.svg",
        {"warning bimi-not-enforced", "warning dmarc-not-enforced"});
}

TEST_CASE("an MTA-STS policy is compared with the MX") {
  const auto policy = [](const Fetched& fetched, const std::vector<std::string>& expected) {
    Facts facts = good_facts();
    facts.mta_sts.policy.reset();
    set_policy(facts, fetched);
    CHECK(findings_of(facts) == expected);
  };
  const std::string head = "version: STSv1\r\nmax_age: 86400\r\n";
  policy({head + "mode: enforce\r\nmx: *.example.com\r\n", ""}, {});
  policy({head + "mode: testing\r\nmx: mx.example.com\r\n", ""}, {"info mta-sts-testing"});
  policy({head + "mode: enforce\r\nmx: other.example.com\r\n", ""}, {"error mta-sts-mx"});
  policy({head + "mode: testing\r\nmx: *.mx.example.com\r\n", ""},
         {"warning mta-sts-mx", "info mta-sts-testing"});
  policy({"", "cannot be fetched: the server answers 404"}, {"warning mta-sts-unreachable"});
  policy({"<html>", ""}, {"warning mta-sts-unreachable"});
}

TEST_CASE("a name that DNS does not answer for is reported, never taken for missing") {
  check("example.com TXT", "example.com TXT !servfail", {"error unobservable"});
  check("_dmarc", "_dmarc.example.com TXT !servfail", {"error unobservable"});
  // A record above may govern, but the one that did not answer would come before it.
  const Subject below{.domain = Name::literal("sub.example.com")};
  const std::string sub =
      "sub.example.com TXT v=spf1 -all\n_dmarc.example.com TXT v=DMARC1; p=reject\n";
  CHECK(facts_of(below, sub).dmarc.state == State::Valid);
  CHECK(facts_of(below, sub + "_dmarc.com TXT !servfail").dmarc.state == State::Valid);
  for (const std::string& dark :
       {sub + "_dmarc.sub.example.com TXT !servfail", std::string("_dmarc.com TXT !servfail")}) {
    const Facts facts = facts_of(below, dark);
    CHECK(facts.dmarc.state == State::Unobservable);
    CHECK(facts.dmarc.discovered() == nullptr);
    CHECK_FALSE(enforcement_of(facts.dmarc).governed);
  }
  check("_smtp", "_smtp._tls.example.com TXT !servfail", {"warning unobservable"});
  check("s1.", "s1._domainkey.example.com TXT !servfail", {"warning unobservable"});
  // A guess that got no answer may hold the key: nothing is said to be missing.
  const Subject guessed{.domain = Name::literal("example.com"),
                        .selectors = {{"google", Source::Guessed}, {"s9", Source::Guessed}}};
  const std::string sends = "example.com TXT v=spf1 mx -all\n";
  CHECK(std::ranges::count(findings_of(facts_of(guessed, sends)), "warning dkim-not-found") == 1);
  const Facts dark = facts_of(guessed, sends + "google._domainkey.example.com TXT !servfail");
  CHECK(dark.dkim.unanswered == 1);
  const auto found = findings_of(dark);
  CHECK(std::ranges::count(found, "warning dkim-not-found") == 0);
  CHECK(std::ranges::count(found, "warning unobservable") +
            std::ranges::count(found, "error unobservable") ==
        1);
}

TEST_CASE("a name that does not exist is one finding") {
  CHECK(findings_of(facts_of("gone.example", "")) ==
        std::vector<std::string>{"error domain-missing"});
}

TEST_CASE("selectors come from the sources that know them") {
  const std::string zone =
      "example.org TXT v=spf1 include:_spf.esp.example -all\n"
      "_spf.esp.example TXT v=spf1 ip4:192.0.2.0/24 -all\n"
      "esp1._domainkey.example.org TXT " +
      std::string(kEd25519) + "\n";
  const Facts named = facts_of("example.org", zone);
  REQUIRE(named.dkim.keys.size() == 1);
  CHECK(named.dkim.keys.front().query == SelectorQuery{"esp1", Source::Sender});
  const Facts guessed =
      facts_of(Subject{.domain = Name::literal("example.org"),
                       .selectors = {{"esp1", Source::Guessed}, {"k1", Source::Guessed}}},
               zone);
  REQUIRE(guessed.dkim.keys.size() == 1);
  CHECK(guessed.dkim.keys.front().query.source == Source::Sender);
  CHECK(guessed.dkim.queried == 2);
  const Facts none = facts_of("example.org", "example.org TXT v=spf1 ip4:192.0.2.1 -all\n");
  const auto found = findings_of(none);
  CHECK(std::ranges::find(found, "info dkim-not-asked") != found.end());
}

TEST_CASE("a wildcard key is not a selector") {
  spf::TestZone zone;
  Answers answers;
  const Subject subject{.domain = Name::literal("example.org"),
                        .selectors = {{"a", Source::Guessed}, {"b", Source::Guessed}}};
  zone.resolve(first_questions(subject), answers);
  const auto hold = [&](const char* name, const char* value) {
    Answer& answer = answers[{Name::literal(name), RecordType::TXT}];
    answer.status = AnswerStatus::Data;
    answer.values = {value};
  };
  hold("a._domainkey.example.org", "v=DKIM1; p=");
  hold("b._domainkey.example.org", kEd25519.data());
  hold("rampart-asks-for-no-such-selector._domainkey.example.org", "v=DKIM1; p=");
  Table table(answers, {});
  Facts facts{.subject = subject};
  gather(facts, table);
  REQUIRE(facts.unknown.empty());
  REQUIRE(facts.dkim.keys.size() == 1);
  CHECK(facts.dkim.keys.front().query.selector == "b");
  CHECK(facts.dkim.wildcard == "v=DKIM1; p=");
  // Where it is all there is, the keys are revoked and not missing.
  facts.dkim.keys.clear();
  facts.exists = true;
  const auto found = evaluate(facts);
  const auto dkim = std::ranges::find(found, std::string("dkim-not-found"), &Finding::code);
  REQUIRE(dkim != found.end());
  CHECK(dkim->message.starts_with("a wildcard record revokes the key of every selector"));
}

}  // namespace rampart::audit
