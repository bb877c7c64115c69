/// What an audit finds about the width of SPF records and about the names that records refer to.
#include <algorithm>
#include <catch2/catch.hpp>

#include "policies/audit/parts.h"
#include "tests/unit/policies/audit_check.h"

namespace rampart::audit {

TEST_CASE("who names the whole internet has an error, by either family") {
  const auto spf = [](const std::string& record, const std::vector<std::string>& expected) {
    check("example.com TXT", "example.com TXT " + record, expected);
  };
  // RFC 7208 section 8.3 and 10.1.2: a record that passes everybody says nothing. 2000::/3 is all
  // of public IPv6 (RFC 4291 section 2.4, IANA IPv6 address space registry).
  for (const char* terms :
       {"ip6:::/0", "ip6:2000::/3", "ip6:2000::/4 ip6:3000::/4", "ip4:0.0.0.0/0",
        "ip4:0.0.0.0/1 ip4:128.0.0.0/1", "mx/0", "a:mx.example.com/0", "ip4:0.0.0.0/1",
        "ip6:2000::/4", "-ip4:192.0.2.9 ip4:0.0.0.0/0"}) {
    spf(std::string("v=spf1 ") + terms + " -all", {"error authority-wide"});
  }
  // A cloud's range is its other customers' as well.
  spf("v=spf1 ip4:52.0.0.0/11 -all", {"warning spf-broad"});
  spf("v=spf1 ip4:52.0.0.0/16 ip4:54.0.0.0/16 -all", {"warning spf-broad"});
  spf("v=spf1 ip4:52.0.0.0/16 -all", {});
  spf("v=spf1 ip6:2600::/20 -all", {"warning spf-broad"});
  spf("v=spf1 ip6:2600::/12 -all", {"warning authority-wide"});
  // RFC 1918 section 3, RFC 6598 section 4, RFC 4193 section 3.1.
  for (const char* terms :
       {"ip4:10.0.0.0/9", "ip4:192.168.1.1", "ip4:100.64.0.0/10", "ip6:fd00::1", "ip6:fe80::/64"}) {
    spf(std::string("v=spf1 ip4:192.0.2.1 ") + terms + " -all", {"warning spf-private"});
  }
  spf("v=spf1 ip4:192.0.2.1 -ip4:10.0.0.0/8 -all", {});
}

TEST_CASE("a modifier with the name of a mechanism is reported and passes nobody") {
  // RFC 7208 section 6: unknown modifiers are ignored.
  const std::string slip = "example.com TXT v=spf1 include=spf.protection.outlook.com -all";
  const Facts facts = good_facts_but("example.com TXT", slip);
  CHECK(findings_of(facts) == std::vector<std::string>{"warning spf-term-ignored"});
  CHECK(evaluate(facts).front().hint == "did you mean `include:spf.protection.outlook.com`?");
  CHECK_FALSE(sends_nothing(facts));
  check("example.com TXT", "example.com TXT v=spf1 ip4=192.0.2.1 mx a= -all",
        {"warning spf-term-ignored"});
  check("example.com TXT", "example.com TXT v=spf1 mx ra=postmaster moo=x -all", {});
}

TEST_CASE("names that an SPF record refers to exist") {
  const auto spf = [](const std::string& record, const std::vector<std::string>& expected) {
    check("example.com TXT", "example.com TXT " + record, expected);
  };
  // In a domain that exists only its holder can create the name.
  spf("v=spf1 a:old.vendor.example -all\nvendor.example A 192.0.2.3", {"warning name-dangling"});
  spf("v=spf1 a:old.expired.example mx:gone.example -all",
      {"warning name-dangling", "warning name-dangling", "error takeover", "error takeover"});
  spf("v=spf1 mx:vendor.example -all\nvendor.example MX 10 mx.gone.example",
      {"warning name-dangling", "error takeover"});
  spf("v=spf1 mx:vendor.example -all\nvendor.example A 192.0.2.3", {"warning name-dangling"});
  spf("v=spf1 a:h.example.com -all\nh.example.com CNAME x.gone.example",
      {"warning name-dangling", "error takeover"});
  spf("v=spf1 exists:gone.example -all", {"warning name-dangling", "error takeover"});
  spf("v=spf1 a:six.example -all\nsix.example AAAA 2001:db8::1", {});
  // A vendor's dead host is the vendor's; a name of it that anybody can take is not.
  spf("v=spf1 include:v.example -all\nv.example TXT v=spf1 a:old.v.example ip4:192.0.2.1 -all", {});
  spf("v=spf1 include:v.example -all\nv.example TXT v=spf1 include:u.example ip4:192.0.2.1 -all\n"
      "u.example TXT v=spf1 a:gone.test ip4:192.0.2.2 -all",
      {"error takeover"});
  // Nobody passes by a failing term: who holds its name does not matter.
  spf("v=spf1 -a:gone.example mx -all", {"warning name-dangling"});
  spf("v=spf1 ?include:v.example mx -all\nv.example TXT v=spf1 a:gone.test ~all", {});
  // One of two MX hosts is enough to pass, and to be taken.
  spf("v=spf1 mx:two.example -all\ntwo.example MX 10 mx.example.com\ntwo.example MX 20 x.gone.test",
      {"warning name-dangling", "error takeover"});
  spf("v=spf1 mx:two.example -all\ntwo.example MX 10 mx.example.com\n"
      "two.example MX 20 x.two.example",
      {});
  // No answer is not "does not exist"; nobody can register below these top levels.
  spf("v=spf1 a:slow.example -all\nslow.example * !servfail", {"warning spf-unresolved"});
  spf("v=spf1 a:mail.corp.internal -all", {"warning name-dangling"});
}

TEST_CASE("faults of MX records") {
  const auto mx = [](const std::string& lines, const std::vector<std::string>& expected) {
    Facts facts = good_facts_but("example.com MX", lines + "\nother.example A 192.0.2.7");
    facts.mta_sts = {};
    facts.mta_sts.state = State::Valid;
    CHECK(findings_of(facts) == expected);
  };
  mx("example.com MX 10 gone.other.example", {"warning name-dangling", "warning name-dangling"});
  // The SPF record has `mx`: who takes the host can send, too.
  mx("example.com MX 10 gone.example\nexample.com MX 20 mx.example.com",
     {"warning name-dangling", "warning name-dangling", "error takeover", "error takeover"});
  // Nobody can register a top level.
  mx("example.com MX 10 mailhost\nexample.com MX 20 mx.example.com", {"warning name-dangling"});
  // RFC 5321 section 5.1: an MX names a host.
  mx("example.com MX 10 192.0.2.1\nexample.com MX 20 mx.example.com", {"warning mx-invalid"});
  // RFC 7505 section 3: the preference is 0.
  mx("example.com MX 10 .", {"warning mx-invalid", "warning name-dangling"});
  // RFC 7505 section 4.2: mail from such a domain may be refused.
  const std::string null = "example.com MX 0 .\nexample.com TXT ";
  CHECK(findings_of(facts_of("example.com", null + "v=spf1 ip4:192.0.2.1 -all")) ==
        std::vector<std::string>{"info dkim-not-asked", "error dmarc-missing",
                                 "warning mx-null-sender"});
  CHECK(findings_of(facts_of("example.com", null + "v=spf1 -all")) ==
        std::vector<std::string>{"error dmarc-missing"});
}

TEST_CASE("reports that cannot arrive are found") {
  const auto rua = [](const std::string& tags, const std::string& lines,
                      const std::vector<std::string>& expected) {
    check("_dmarc.example.com", "_dmarc.example.com TXT v=DMARC1; p=reject; " + tags + "\n" + lines,
          expected);
  };
  rua("rua=mailto:d@gone.example.com", "", {"warning report-undeliverable"});
  rua("rua=mailto:d@rep.example.com", "rep.example.com A 192.0.2.8", {});
  rua("rua=mailto:d@rep.example.com", "rep.example.com TXT x", {"warning report-undeliverable"});
  rua("rua=mailto:d@rep.example.com", "rep.example.com MX 0 .", {"warning report-undeliverable"});
  rua("rua=mailto:d@rep.example.com", "rep.example.com * !servfail", {});
  // Failure reports need the same consent (RFC 9991, RFC 7489 section 7.1).
  const std::string host = "reports.example MX 1 mx.example.com\n";
  rua("rua=mailto:d@example.com; ruf=mailto:f@reports.example", host,
      {"warning report-unauthorized"});
  rua("rua=mailto:d@example.com; ruf=mailto:f@reports.example",
      host + "example.com._report._dmarc.reports.example TXT v=DMARC1", {});
  rua("rua=mailto:d@gone.example; ruf=mailto:d@gone.example", "",
      {"warning report-unauthorized", "warning report-undeliverable", "error takeover"});
}

TEST_CASE("the hint of too many lookups names what aligns nothing") {
  // The catalogue of these tests: mail of esp bounces to the service's own domain.
  std::string record = "example.com TXT v=spf1 include:_spf.esp.example" + many("mx", 10) + " -all";
  const auto found = evaluate(good_facts_but(
      "example.com TXT", record + "\n_spf.esp.example TXT v=spf1 ip4:192.0.2.7 -all"));
  const auto lookups = std::ranges::find(found, std::string("spf-lookups"), &Finding::code);
  REQUIRE(lookups != found.end());
  CHECK(lookups->hint.find("drop `include:_spf.esp.example` first") != std::string::npos);
}

}  // namespace rampart::audit
