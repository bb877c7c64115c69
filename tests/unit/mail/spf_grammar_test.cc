/// The record's grammar, RFC 7208 section 12 rule by rule, and what two records have in common.
#include <catch2/catch.hpp>

#include "mail/spf/spf.h"

namespace rampart::spf {
namespace {

struct Good {
  const char* text;
  const char* printed;
};

void check(const Good& item) {
  CAPTURE(item.text);
  const auto record = parse(item.text);
  REQUIRE(record.ok());
  CHECK(print(*record) == item.printed);
  const auto again = parse(print(*record));
  REQUIRE(again.ok());
  CHECK(*again == *record);
  CHECK(same_meaning(*again, *record));
}

void check_bad(const char* text, const char* complaint) {
  CAPTURE(text);
  const auto record = parse(text);
  REQUIRE_FALSE(record.ok());
  CAPTURE(record.error().what);
  CHECK(record.error().what.find(complaint) != std::string::npos);
}

TEST_CASE("reading versions and blanks (sections 4.5, 4.6.1)") {
  check({"v=spf1", "v=spf1"});
  check({"v=spf1 ", "v=spf1"});
  check({"V=SPF1 -ALL", "v=spf1 -all"});
  check({"v=sPf1   a    mx  ", "v=spf1 a mx"});
  check_bad("", "begin with");
  check_bad("v=spf", "begin with");
  check_bad("v=spf10 -all", "begin with");
  check_bad("v=spf1-all", "begin with");
  check_bad("v=spf1\t-all", "begin with");
  check_bad(" v=spf1 -all", "begin with");
  check_bad("v=spf2.0/mfrom -all", "begin with");
  check_bad("v=spf1 a\tmx", "tabs");
  check_bad("v=spf1 \ta", "tabs");
  check_bad("v=spf1 a\r\n", "no such mechanism");
}

TEST_CASE("reading qualifiers (section 4.6.2)") {
  check({"v=spf1 +a -mx ~ptr ?all", "v=spf1 a -mx ~ptr ?all"});
  check({"v=spf1 +ip4:192.0.2.1", "v=spf1 ip4:192.0.2.1"});
  check_bad("v=spf1 ++a", "no such mechanism");
  check_bad("v=spf1 !a", "no such mechanism");
  check_bad("v=spf1 -", "no such mechanism");
  check_bad("v=spf1 - all", "no such mechanism");
  check_bad("v=spf1 -redirect=a.example", "no such mechanism");
}

TEST_CASE("reading all (section 5.1)") {
  check({"v=spf1 all", "v=spf1 all"});
  check({"v=spf1 aLL", "v=spf1 all"});
  check_bad("v=spf1 all:example.com", "nothing after");
  check_bad("v=spf1 all/8", "nothing after");
  check_bad("v=spf1 all.", "no such mechanism");
  check_bad("v=spf1 -all;", "no such mechanism");
}

TEST_CASE("reading include (section 5.2)") {
  check({"v=spf1 include:example.com", "v=spf1 include:example.com"});
  check({"v=spf1 Include:Example.COM", "v=spf1 include:Example.COM"});
  check({"v=spf1 include:_spf.%{d}", "v=spf1 include:_spf.%{d}"});
  check({"v=spf1 include:example.com.", "v=spf1 include:example.com."});
  check_bad("v=spf1 include", "domain is missing");
  check_bad("v=spf1 include:", "domain is missing");
  check_bad("v=spf1 include:/24", "top-level");
  check_bad("v=spf1 include:example.com/24", "top-level");
  check_bad("v=spf1 include:localhost", "top-level");
  check_bad("v=spf1 include=example.com all:", "nothing after");
  check_bad("v=spf1 include:example.com~all", "blank is missing");
  check_bad("v=spf1 inlcude:example.com", "did you mean `include`");
  check_bad("v=spf1 includes:example.com", "did you mean `include`");
}

TEST_CASE("reading a and mx (sections 5.3, 5.4)") {
  check({"v=spf1 a", "v=spf1 a"});
  check({"v=spf1 a/24", "v=spf1 a/24"});
  check({"v=spf1 a//64", "v=spf1 a//64"});
  check({"v=spf1 a/24//64", "v=spf1 a/24//64"});
  check({"v=spf1 a/0//0", "v=spf1 a/0//0"});
  check({"v=spf1 a/32//128", "v=spf1 a/32//128"});
  check({"v=spf1 a:example.com", "v=spf1 a:example.com"});
  check({"v=spf1 a:example.com/24//64", "v=spf1 a:example.com/24//64"});
  check({"v=spf1 a:%{d}/24", "v=spf1 a:%{d}/24"});
  check({"v=spf1 a:foo/24.example.com", "v=spf1 a:foo/24.example.com"});
  check({"v=spf1 a:foo:bar.example.com", "v=spf1 a:foo:bar.example.com"});
  check({"v=spf1 a:under_score.example.com", "v=spf1 a:under_score.example.com"});
  check({"v=spf1 a:example.xn--p1ai", "v=spf1 a:example.xn--p1ai"});
  check({"v=spf1 a:example.c0m", "v=spf1 a:example.c0m"});
  check({"v=spf1 a:example.1-1", "v=spf1 a:example.1-1"});
  check({"v=spf1 mx/20//56", "v=spf1 mx/20//56"});
  check({"v=spf1 mx:example.com//48", "v=spf1 mx:example.com//48"});
  check_bad("v=spf1 a:", "domain is missing");
  check_bad("v=spf1 a:/24", "domain is missing");
  check_bad("v=spf1 a/33", "0 to 32");
  check_bad("v=spf1 a/024", "0 to 32");
  check_bad("v=spf1 a/00", "0 to 32");
  check_bad("v=spf1 a//129", "0 to 128");
  check_bad("v=spf1 a//064", "0 to 128");
  check_bad("v=spf1 a/24/64", "0 to 32");
  check_bad("v=spf1 a//64/24", "colon and a domain");
  check_bad("v=spf1 a/", "colon and a domain");
  check_bad("v=spf1 a//", "colon and a domain");
  check_bad("v=spf1 a/x", "colon and a domain");
  check_bad("v=spf1 a/-1", "colon and a domain");
  check_bad("v=spf1 a:192.0.2.1", "top-level");
  check_bad("v=spf1 a:example.com:8080", "top-level");
  check_bad("v=spf1 a:example.-com", "top-level");
  check_bad("v=spf1 a:example.com-", "top-level");
  check_bad("v=spf1 a:example.com..", "top-level");
  check_bad("v=spf1 a:example.123", "top-level");
  check_bad("v=spf1 a:m\xC3\xBCller.example", "US-ASCII");
  check_bad("v=spf1 mx:example.com/33", "0 to 32");
  check_bad("v=spf1 axmx", "no such mechanism");
}

TEST_CASE("reading ptr (section 5.5)") {
  check({"v=spf1 ptr", "v=spf1 ptr"});
  check({"v=spf1 ptr:example.com", "v=spf1 ptr:example.com"});
  check_bad("v=spf1 ptr/24", "colon and a domain");
  check_bad("v=spf1 ptr:", "domain is missing");
  check_bad("v=spf1 ptr:example.com/24", "top-level");
}

TEST_CASE("reading ip4 and ip6 (section 5.6)") {
  check({"v=spf1 ip4:192.0.2.1", "v=spf1 ip4:192.0.2.1"});
  check({"v=spf1 ip4:192.0.2.1/24", "v=spf1 ip4:192.0.2.1/24"});
  check({"v=spf1 ip4:0.0.0.0/0", "v=spf1 ip4:0.0.0.0/0"});
  check({"v=spf1 IP4:255.255.255.255/32", "v=spf1 ip4:255.255.255.255/32"});
  check({"v=spf1 ip6:2001:DB8::CD30", "v=spf1 ip6:2001:db8::cd30"});
  check({"v=spf1 ip6:2001:db8:0:0:0:0:0:0/32", "v=spf1 ip6:2001:db8::/32"});
  check({"v=spf1 ip6:::1", "v=spf1 ip6:::1"});
  check({"v=spf1 ip6:::/0", "v=spf1 ip6:::/0"});
  check({"v=spf1 ip6:1::", "v=spf1 ip6:1::"});
  check({"v=spf1 ip6:1:0:0:2:0:0:0:3", "v=spf1 ip6:1:0:0:2::3"});
  check({"v=spf1 ip6:1:2:3:4:5:6:7::", "v=spf1 ip6:1:2:3:4:5:6:7:0"});
  check({"v=spf1 ip6:::ffff:192.0.2.1/120", "v=spf1 ip6:::ffff:192.0.2.1/120"});
  check({"v=spf1 ip6:64:ff9b::192.0.2.33", "v=spf1 ip6:64:ff9b::c000:221"});
  check({"v=spf1 ip6:2001:db8::/128", "v=spf1 ip6:2001:db8::/128"});
  check_bad("v=spf1 ip4", "address is missing");
  check_bad("v=spf1 ip4:", "not an IPv4");
  check_bad("v=spf1 ip4:192.0.2", "not an IPv4");
  check_bad("v=spf1 ip4:192.0.2.0.1", "not an IPv4");
  check_bad("v=spf1 ip4:192.0.2.256", "not an IPv4");
  check_bad("v=spf1 ip4:192.0.2.01", "not an IPv4");
  check_bad("v=spf1 ip4:192.0.2.1/", "0 to 32");
  check_bad("v=spf1 ip4:192.0.2.1/33", "0 to 32");
  check_bad("v=spf1 ip4:192.0.2.0/024", "0 to 32");
  check_bad("v=spf1 ip4:192.0.2.0//24", "0 to 32");
  check_bad("v=spf1 ip4:2001:db8::1", "write `ip6:`");
  check_bad("v=spf1 ip4:mail.example.com", "not an IPv4");
  check_bad("v=spf1 ip4:192.0.2.1:25", "not an IPv4");
  check_bad("v=spf1 ip4=192.0.2.1 ip4", "address is missing");
  check_bad("v=spf1 ip4/24", "address is missing");
  check_bad("v=spf1 ipv4:192.0.2.1", "did you mean `ip4`");
  check_bad("v=spf1 ip6:192.0.2.1", "not an IPv6");
  check_bad("v=spf1 ip6:1:2:3:4:5:6:7", "not an IPv6");
  check_bad("v=spf1 ip6:1:2:3:4:5:6:7:8:9", "not an IPv6");
  check_bad("v=spf1 ip6:1::2::3", "not an IPv6");
  check_bad("v=spf1 ip6::1", "not an IPv6");
  check_bad("v=spf1 ip6:1:::2", "not an IPv6");
  check_bad("v=spf1 ip6:12345::", "not an IPv6");
  check_bad("v=spf1 ip6:2001:db8::g", "not an IPv6");
  check_bad("v=spf1 ip6:2001:db8::/129", "0 to 128");
  check_bad("v=spf1 ip6:2001:db8::/032", "0 to 128");
  check_bad("v=spf1 ip6:fe80::1%eth0", "not an IPv6");
}

TEST_CASE("reading exists (section 5.7)") {
  check({"v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d}", "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d}"});
  check({"v=spf1 exists:example.com", "v=spf1 exists:example.com"});
  check_bad("v=spf1 exists", "domain is missing");
  check_bad("v=spf1 exists:", "domain is missing");
  check_bad("v=spf1 exists:example.com/24", "top-level");
}

TEST_CASE("reading modifiers (section 6)") {
  check({"v=spf1 redirect=_spf.example.com", "v=spf1 redirect=_spf.example.com"});
  check({"v=spf1 EXP=why.%{d} -all", "v=spf1 -all exp=why.%{d}"});
  check({"v=spf1 foo=bar", "v=spf1 foo=bar"});
  check({"v=spf1 foo=", "v=spf1 foo="});
  check({"v=spf1 a-b_c.d=%{d}%%", "v=spf1 a-b_c.d=%{d}%%"});
  check({"v=spf1 x=1 x=2 x=1", "v=spf1 x=1 x=2 x=1"});
  check({"v=spf1 default=deny -all", "v=spf1 -all default=deny"});
  check({"v=spf1 -all redirect=a.example", "v=spf1 -all redirect=a.example"});
  check({"v=spf1 all=1", "v=spf1 all=1"});
  check_bad("v=spf1 redirect=a.example redirect=b.example", "only once");
  check_bad("v=spf1 exp=a.example -all EXP=a.example", "only once");
  check_bad("v=spf1 redirect=", "domain is missing");
  check_bad("v=spf1 redirect=localhost", "top-level");
  check_bad("v=spf1 redirect:a.example", "no such mechanism");
  check_bad("v=spf1 exp=", "domain is missing");
  check_bad("v=spf1 1x=y", "no such mechanism");
  check_bad("v=spf1 =y", "no such mechanism");
  check_bad("v=spf1 foo=%", "stray percent");
  check_bad("v=spf1 foo=%{d", "never closed");
  check_bad("v=spf1 foo=b\xC3\xA4r", "US-ASCII");
}

TEST_CASE("reading macro-strings in terms (section 7.1)") {
  check({"v=spf1 exists:%{d}", "v=spf1 exists:%{d}"});
  check({"v=spf1 exists:a.%%", "v=spf1 exists:a.%%"});
  check({"v=spf1 exists:a%_b%-c.example", "v=spf1 exists:a%_b%-c.example"});
  check({"v=spf1 exists:%{S}.%{L2}.%{O}.example", "v=spf1 exists:%{S}.%{L2}.%{O}.example"});
  check({"v=spf1 exists:%{d99999999999999999999}", "v=spf1 exists:%{d99999999999999999999}"});
  check({"v=spf1 exists:%{sr.-+,/_=}", "v=spf1 exists:%{sr.-+,/_=}"});
  check({"v=spf1 exists:%{hR}.example", "v=spf1 exists:%{hR}.example"});
  check({"v=spf1 x=%{c}%{r}%{t}", "v=spf1 x=%{c}%{r}%{t}"});
  check_bad("v=spf1 exists:%{d0}.example", "keeps no part");
  check_bad("v=spf1 exists:%{d2rr}.example", "malformed");
  check_bad("v=spf1 exists:%{dr2}.example", "malformed");
  check_bad("v=spf1 exists:%{d.2}.example", "malformed");
  check_bad("v=spf1 exists:%{d!}.example", "malformed");
  check_bad("v=spf1 exists:%{}.example", "has no letter");
  check_bad("v=spf1 exists:%{1}.example", "unknown letter");
  check_bad("v=spf1 exists:%{a}.example", "unknown letter");
  check_bad("v=spf1 exists:%{c}.example", "explanations only");
  check_bad("v=spf1 exists:%{R}.example", "explanations only");
  check_bad("v=spf1 exists:%{t}.example", "explanations only");
  check_bad("v=spf1 exists:%(d).example", "stray percent");
  check_bad("v=spf1 exists:%.example", "stray percent");
  check_bad("v=spf1 exists:example.com%", "stray percent");
  check_bad("v=spf1 exists:%{d}.", "top-level");
  check_bad("v=spf1 exists:%{d}.1", "top-level");
}

TEST_CASE("reading one error anywhere spoils the record (section 4.6)") {
  check_bad("v=spf1 -all ip4:192.0.2.256", "not an IPv4");
  check_bad("v=spf1 ip4:192.0.2.1 unknown -all", "`unknown`");
  check_bad("v=spf1 redirect=a.example bogus:b", "`bogus:b`");
}

void check_same(const char* a, const char* b, bool expected) {
  CAPTURE(a, b);
  CHECK(same_meaning(parse(a).value(), parse(b).value()) == expected);
  CHECK(same_meaning(parse(b).value(), parse(a).value()) == expected);
}

TEST_CASE("what two records have in common") {
  check_same("v=spf1 a mx ~all", "V=spf1  MX +A ~ALL", true);
  check_same("v=spf1 a -mx ~all", "v=spf1 -mx a ~all", false);
  check_same("v=spf1 -a -mx ip4:192.0.2.1 b=1", "v=spf1 -mx -a ip4:192.0.2.1/32 b=1", true);
  check_same("v=spf1 ip4:192.0.2.77/24 ~all", "v=spf1 ip4:192.0.2.0/24 ~all", true);
  check_same("v=spf1 ip6:2001:db8::1/32 ~all", "v=spf1 ip6:2001:DB8:0::/32 ~all", true);
  check_same("v=spf1 a:Example.com. ~all", "v=spf1 a:example.com ~all", true);
  check_same("v=spf1 a/32//128 ~all", "v=spf1 a ~all", true);
  check_same("v=spf1 a/24 ~all", "v=spf1 a//24 ~all", false);
  check_same("v=spf1 ~all", "v=spf1 -all", false);
  check_same("v=spf1 a ~all mx redirect=x.example", "v=spf1 a ~all", true);
  check_same("v=spf1 redirect=x.example", "v=spf1 redirect=X.example", true);
  check_same("v=spf1 redirect=x.example", "v=spf1 redirect=y.example", false);
  check_same("v=spf1 ~all x=1", "v=spf1 ~all", false);
  check_same("v=spf1 x=1 y=2 ~all", "v=spf1 ~all y=2 x=1", true);
  check_same("v=spf1 exists:%{L}.example.com", "v=spf1 exists:%{l}.example.com", false);
  check_same("v=spf1 exp=why.example.com -all", "v=spf1 -all", false);
  check_same("v=spf1 include:a.example include:a.example", "v=spf1 include:a.example", false);
}

TEST_CASE("reading which terms cost a lookup (section 4.6.4)") {
  const auto check_cost = [](const char* term, bool expected) {
    CAPTURE(term);
    CHECK(costs_lookup(parse_terms(term).value().directives.at(0)) == expected);
  };
  for (const char* term : {"include:a.example", "a", "mx", "ptr", "exists:a.example"}) {
    check_cost(term, true);
  }
  for (const char* term : {"all", "ip4:192.0.2.1", "ip6:2001:db8::"}) check_cost(term, false);
}

}  // namespace
}  // namespace rampart::spf
