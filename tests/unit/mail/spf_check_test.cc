/// check_host() by section of RFC 7208, over zones of a few lines.
#include <catch2/catch.hpp>

#include "tests/support/spf_zone.h"

namespace rampart::spf {
namespace {

constexpr const char* kIp = "192.0.2.10";
constexpr const char* kIp6 = "2001:db8::10";

Resolved check_record(const std::string& record, const std::string& ip, const std::string& rest) {
  TestZone zone(rest);
  zone.add("example.com", "TXT", record);
  return check_in(zone,
                  {.ip = Ip::parse(ip).value(), .sender = "user@example.com", .helo = "h.example"});
}

/// The outcome of one record at example.com for one client, with `rest` for other names.
void check(const char* record, const char* ip, const char* outcome, const char* rest = "") {
  const Resolved resolved = check_record(record, ip, rest);
  CAPTURE(record, ip, rest, resolved.verdict.reason);
  CHECK(to_text(resolved.verdict.outcome) == outcome);
  CHECK(resolved.rounds < 14);
  const bool error = resolved.verdict.outcome == Outcome::PermError ||
                     resolved.verdict.outcome == Outcome::TempError;
  CHECK(resolved.verdict.reason.empty() != error);
}

void check_sender(const char* sender, const char* helo, const char* outcome, const char* zone) {
  const Resolved resolved =
      check_in(TestZone(zone), {.ip = Ip::parse(kIp).value(), .sender = sender, .helo = helo});
  CAPTURE(sender, helo, zone);
  CHECK(to_text(resolved.verdict.outcome) == outcome);
}

TEST_CASE("which identity is checked (sections 2.4, 4.3)") {
  constexpr const char* zone =
      "example.com TXT v=spf1 -all\nhelo.example TXT v=spf1 ip4:192.0.2.10\n";
  check_sender("user@example.com", "helo.example", "fail", zone);
  check_sender("USER@EXAMPLE.COM", "helo.example", "fail", zone);
  check_sender("user@example.com.", "helo.example", "fail", zone);
  check_sender("@example.com", "helo.example", "fail", zone);
  check_sender("example.com", "helo.example", "fail", zone);
  check_sender("\"a@b\"@example.com", "helo.example", "fail", zone);
  check_sender("", "helo.example", "pass", zone);
  check_sender("", "", "none", zone);
  check_sender("user@", "helo.example", "none", zone);
  check_sender("user@localhost", "helo.example", "none", "localhost TXT v=spf1 -all\n");
  check_sender("user@[192.0.2.10]", "helo.example", "none", zone);
  check_sender("user@a..example.com", "helo.example", "none", zone);
  check_sender("user@.example.com", "helo.example", "none", zone);
  check_sender(
      "user@b\xC3\xBC"
      "cher.example",
      "h.example", "fail", "xn--bcher-kva.example TXT v=spf1 -all\n");
  check_sender(("user@" + std::string(64, 'a') + ".example").c_str(), "h.example", "none", zone);
}

TEST_CASE("finding the record (sections 4.4, 4.5)") {
  check_sender("u@example.com", "", "none", "");
  check_sender("u@example.com", "", "none", "example.com A 192.0.2.1\n");
  check_sender("u@example.com", "", "none", "example.com TXT other\n");
  check_sender("u@example.com", "", "none", "example.com TXT v=spf10 -all\n");
  check_sender("u@example.com", "", "temperror", "example.com TXT !servfail\n");
  check_sender("u@example.com", "", "fail", "example.com TXT other\nexample.com TXT v=spf1 -all\n");
  check_sender("u@example.com", "", "permerror",
               "example.com TXT v=spf1 -all\nexample.com TXT v=spf1 a\n");
  check_sender("u@example.com", "", "permerror",
               "example.com TXT v=spf1 -all\nexample.com TXT v=spf1 -all\n");
  check_sender("u@example.com", "", "permerror",
               "example.com TXT v=spf1 -all\nexample.com TXT V=SPF1\n");
  check_sender("u@example.com", "", "fail",
               "example.com CNAME other.example\nother.example TXT v=spf1 -all\n");
  check_sender("u@example.com", "", "none", "example.com SPF v=spf1 -all\n");
}

TEST_CASE("evaluation from left to right (sections 4.6, 4.7)") {
  check("v=spf1", kIp, "neutral");
  check("v=spf1 ip4:192.0.2.10", kIp, "pass");
  check("v=spf1 ip4:192.0.2.11", kIp, "neutral");
  check("v=spf1 -ip4:192.0.2.10 ip4:192.0.2.0/24", kIp, "fail");
  check("v=spf1 ip4:192.0.2.0/24 -ip4:192.0.2.10", kIp, "pass");
  check("v=spf1 ?ip4:192.0.2.10 -all", kIp, "neutral");
  check("v=spf1 ~ip4:192.0.2.10 -all", kIp, "softfail");
  check("v=spf1 ip4:192.0.2.10 bogus", kIp, "permerror");
  check("v=spf1 -all ip4:192.0.2.256", kIp, "permerror");
  check("v=spf1 moo=cow ip4:192.0.2.10", kIp, "pass");
}

TEST_CASE("all (section 5.1)") {
  check("v=spf1 all", kIp, "pass");
  check("v=spf1 -all", kIp, "fail");
  check("v=spf1 ~all", kIp, "softfail");
  check("v=spf1 ?all", kIp, "neutral");
  check("v=spf1 -all ip4:192.0.2.10", kIp, "fail");
  check("v=spf1 -all redirect=other.example", kIp, "fail", "other.example TXT v=spf1 +all");
  check("v=spf1 redirect=other.example -all", kIp, "fail", "other.example TXT v=spf1 +all");
}

TEST_CASE("include (section 5.2)") {
  const char* record = "v=spf1 include:inc.example -all";
  check(record, kIp, "pass", "inc.example TXT v=spf1 ip4:192.0.2.10 -all");
  check(record, kIp, "fail", "inc.example TXT v=spf1 -all");
  check(record, kIp, "fail", "inc.example TXT v=spf1 ~all");
  check(record, kIp, "fail", "inc.example TXT v=spf1 ?all");
  check(record, kIp, "fail", "inc.example TXT v=spf1");
  check(record, kIp, "permerror", "");
  check(record, kIp, "permerror", "inc.example A 192.0.2.1");
  check(record, kIp, "permerror", "inc.example TXT something else");
  check(record, kIp, "permerror", "inc.example TXT v=spf1 bogus");
  check(record, kIp, "permerror", "inc.example TXT v=spf1\ninc.example TXT v=spf1");
  check(record, kIp, "temperror", "inc.example TXT !servfail");
  check("v=spf1 ip4:192.0.2.10 include:inc.example", kIp, "pass", "inc.example TXT !servfail");
  check("v=spf1 -include:inc.example +all", kIp, "fail", "inc.example TXT v=spf1 +all");
  check("v=spf1 ?include:inc.example -all", kIp, "neutral", "inc.example TXT v=spf1 +all");
  check("v=spf1 include:example.com -all", kIp, "permerror", "");
  check("v=spf1 include:a..example -all", kIp, "permerror", "");
  check("v=spf1 include:one.example -all", kIp, "pass",
        "one.example TXT v=spf1 redirect=two.example\ntwo.example TXT v=spf1 ip4:192.0.2.10");
  check("v=spf1 include:one.example -all", kIp, "fail",
        "one.example TXT v=spf1 include:two.example\ntwo.example TXT v=spf1 -all");
}

TEST_CASE("a (section 5.3)") {
  check("v=spf1 a -all", kIp, "pass", "example.com A 192.0.2.10");
  check("v=spf1 a -all", kIp, "fail", "example.com A 192.0.2.11");
  check("v=spf1 a -all", kIp, "fail", "");
  check("v=spf1 a -all", kIp, "temperror", "example.com A !servfail");
  check("v=spf1 a/24 -all", kIp, "pass", "example.com A 192.0.2.200");
  check("v=spf1 a/0 -all", kIp, "pass", "example.com A 203.0.113.1");
  check("v=spf1 a/32 -all", kIp, "fail", "example.com A 192.0.2.11");
  check("v=spf1 a:h.example -all", kIp, "pass", "h.example A 192.0.2.9\nh.example A 192.0.2.10");
  check("v=spf1 a:h.example -all", kIp, "pass",
        "h.example CNAME g.example\ng.example A 192.0.2.10");
  check("v=spf1 a:h.example -all", kIp, "fail", "h.example AAAA 2001:db8::10");
  check("v=spf1 a -all", kIp6, "pass", "example.com AAAA 2001:db8::10");
  check("v=spf1 a -all", kIp6, "fail", "example.com A 192.0.2.10");
  check("v=spf1 a//64 -all", kIp6, "pass", "example.com AAAA 2001:db8::ffff");
  check("v=spf1 a/24 -all", kIp6, "fail", "example.com AAAA 2001:db8::ffff");
  check("v=spf1 a//0 -all", kIp6, "pass", "example.com AAAA ::1");
  check("v=spf1 a:a..example ip4:192.0.2.10 -all", kIp, "pass", "");
  check("v=spf1 a:h.example -all", "::ffff:192.0.2.10", "pass", "h.example A 192.0.2.10");
}

TEST_CASE("mx (section 5.4)") {
  check("v=spf1 mx -all", kIp, "pass", "example.com MX 10 m.example\nm.example A 192.0.2.10");
  check("v=spf1 mx -all", kIp, "fail", "example.com A 192.0.2.10");
  check("v=spf1 mx -all", kIp, "fail", "example.com MX 0 .");
  check("v=spf1 mx -all", kIp, "temperror", "example.com MX !servfail");
  check("v=spf1 mx -all", kIp, "temperror", "example.com MX 10 m.example\nm.example A !servfail");
  check("v=spf1 mx -all", kIp, "pass",
        "example.com MX 10 m.example\nexample.com MX 20 n.example\nm.example A 192.0.2.10\n"
        "n.example A !servfail");
  check("v=spf1 mx/24 -all", kIp, "pass", "example.com MX 10 m.example\nm.example A 192.0.2.99");
  check("v=spf1 mx:o.example//32 -all", kIp6, "pass",
        "o.example MX 10 m.example\nm.example AAAA 2001:db8:ffff::");
  check("v=spf1 mx -all", kIp6, "fail", "example.com MX 10 m.example\nm.example A 192.0.2.10");
}

TEST_CASE("ptr (section 5.5)") {
  const char* good = "10.2.0.192.in-addr.arpa PTR m.example.com\nm.example.com A 192.0.2.10";
  check("v=spf1 ptr -all", kIp, "pass", good);
  check("v=spf1 ptr:example.com -all", kIp, "pass", good);
  check("v=spf1 ptr:m.example.com -all", kIp, "pass", good);
  check("v=spf1 ptr:other.example -all", kIp, "fail", good);
  check("v=spf1 ptr:ample.com -all", kIp, "fail", good);
  check("v=spf1 ptr -all", kIp, "fail", "");
  check("v=spf1 ptr -all", kIp, "fail", "10.2.0.192.in-addr.arpa PTR !servfail");
  check("v=spf1 ptr -all", kIp, "fail", "10.2.0.192.in-addr.arpa PTR m.example.com");
  check("v=spf1 ptr -all", kIp, "fail",
        "10.2.0.192.in-addr.arpa PTR m.example.com\nm.example.com A 192.0.2.99");
  check("v=spf1 ptr -all", kIp, "pass",
        "10.2.0.192.in-addr.arpa PTR x.example.com\n10.2.0.192.in-addr.arpa PTR m.example.com\n"
        "x.example.com A !servfail\nm.example.com A 192.0.2.10");
  check("v=spf1 ptr -all", kIp6, "pass",
        "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR "
        "m.example.com\nm.example.com AAAA 2001:db8::10");
}

TEST_CASE("ip4 and ip6 (section 5.6)") {
  check("v=spf1 ip4:192.0.2.0/28 -all", "192.0.2.15", "pass");
  check("v=spf1 ip4:192.0.2.0/28 -all", "192.0.2.16", "fail");
  check("v=spf1 ip4:192.0.2.7/28 -all", "192.0.2.0", "pass");
  check("v=spf1 ip4:0.0.0.0/0 -all", kIp, "pass");
  check("v=spf1 ip4:0.0.0.0/0 -all", kIp6, "fail");
  check("v=spf1 ip4:192.0.2.10/31 -all", "192.0.2.11", "pass");
  check("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:ffff::", "pass");
  check("v=spf1 ip6:2001:db8::/33 -all", "2001:db8:8000::", "fail");
  check("v=spf1 ip6:2001:db8::10 -all", kIp6, "pass");
  check("v=spf1 ip6:2001:db8::/64 -all", "2001:db8::ffff:ffff", "pass");
  check("v=spf1 ip6:2001:db8::/65 -all", "2001:db8:0:0:8000::", "fail");
  check("v=spf1 ip6:::/0 -all", kIp6, "pass");
  check("v=spf1 ip6:::/0 -all", kIp, "fail");
  check("v=spf1 ip6:::ffff:192.0.2.10 -all", "::ffff:192.0.2.10", "fail");
  check("v=spf1 ip4:192.0.2.10 -all", "::ffff:192.0.2.10", "pass");
}

TEST_CASE("exists (section 5.7)") {
  check("v=spf1 exists:e.example -all", kIp, "pass", "e.example A 127.0.0.2");
  check("v=spf1 exists:e.example -all", kIp6, "pass", "e.example A 127.0.0.2");
  check("v=spf1 exists:e.example -all", kIp6, "fail", "e.example AAAA 2001:db8::10");
  check("v=spf1 exists:e.example -all", kIp, "fail", "");
  check("v=spf1 exists:e.example -all", kIp, "temperror", "e.example A !servfail");
  check("v=spf1 exists:%{i}.e.example -all", kIp, "pass", "192.0.2.10.e.example A 127.0.0.2");
}

TEST_CASE("redirect (section 6.1)") {
  check("v=spf1 redirect=r.example", kIp, "pass", "r.example TXT v=spf1 ip4:192.0.2.10 -all");
  check("v=spf1 redirect=r.example", kIp, "fail", "r.example TXT v=spf1 -all");
  check("v=spf1 redirect=r.example", kIp, "neutral", "r.example TXT v=spf1");
  check("v=spf1 ip4:192.0.2.10 redirect=r.example", kIp, "pass", "r.example TXT v=spf1 -all");
  check("v=spf1 redirect=r.example ip4:192.0.2.10", kIp, "pass", "r.example TXT v=spf1 -all");
  check("v=spf1 redirect=r.example", kIp, "permerror", "");
  check("v=spf1 redirect=r.example", kIp, "permerror", "r.example TXT other");
  check("v=spf1 redirect=r.example", kIp, "permerror", "r.example TXT v=spf1 bogus");
  check("v=spf1 redirect=r.example", kIp, "temperror", "r.example TXT !servfail");
  check("v=spf1 redirect=example.com", kIp, "permerror", "");
  check("v=spf1 redirect=a..example", kIp, "permerror", "");
  check("v=spf1 redirect=%{d1r}.r.example", kIp, "pass", "example.r.example TXT v=spf1 +all");
}

void check_explained(const char* record, const char* rest, const char* explanation) {
  const Resolved resolved = check_record(record, kIp, rest);
  CAPTURE(record, rest);
  CHECK(resolved.verdict.explanation.value_or("-") == explanation);
}

TEST_CASE("exp (section 6.2)") {
  const char* record = "v=spf1 -all exp=why.example";
  check_explained(record, "why.example TXT No mail from %{i}.", "No mail from 192.0.2.10.");
  check_explained(record, "why.example TXT See http://%{d}/why.html?s=%{S}&i=%{c}",
                  "See http://example.com/why.html?s=user%40example.com&i=192.0.2.10");
  check_explained(record, "why.example TXT %{r} at %{t}: 100%% of%_it", "unknown at 0: 100% of it");
  check_explained(record, "", "-");
  check_explained(record, "why.example TXT !servfail", "-");
  check_explained(record, "why.example TXT one\nwhy.example TXT two", "-");
  check_explained(record, "why.example TXT bad %{x}", "-");
  check_explained(record, "why.example TXT n\xC3\xB6", "-");
  check_explained("v=spf1 ~all exp=why.example", "why.example TXT text", "-");
  check_explained("v=spf1 -all exp=a..example", "", "-");
  check_explained("v=spf1 -all", "", "-");
  check_explained("v=spf1 include:i.example -all exp=why.example",
                  "i.example TXT v=spf1 -all exp=other.example\nwhy.example TXT mine\n"
                  "other.example TXT theirs",
                  "mine");
  check_explained("v=spf1 redirect=i.example exp=why.example",
                  "i.example TXT v=spf1 -all exp=other.example\nwhy.example TXT mine\n"
                  "other.example TXT theirs",
                  "theirs");
  check_explained("v=spf1 redirect=i.example exp=why.example",
                  "i.example TXT v=spf1 -all\nwhy.example TXT mine", "-");
}

TEST_CASE("a verdict has its derivation") {
  const Resolved direct = check_record("v=spf1 ip4:192.0.2.0/28 ~all", kIp, "");
  CHECK(direct.verdict.matched == "ip4:192.0.2.0/28");
  CHECK(direct.verdict.domain == "example.com");
  CHECK(direct.verdict.lookups == 0);
  const Resolved nested =
      check_record("v=spf1 include:one.example -all", kIp,
                   "one.example TXT v=spf1 -ip4:192.0.2.9 include:two.example -all\n"
                   "two.example TXT v=spf1 ip4:192.0.2.0/24 -all");
  CHECK(nested.verdict.matched == "include:one.example");
  CHECK(nested.verdict.lookups == 2);
  CHECK(nested.verdict.path == std::vector<std::string>{"example.com: include:one.example",
                                                        "one.example: include:two.example",
                                                        "two.example: ip4:192.0.2.0/24"});
  const Resolved none = check_record("v=spf1", kIp, "");
  CHECK_FALSE(none.verdict.matched.has_value());
}

}  // namespace
}  // namespace rampart::spf
