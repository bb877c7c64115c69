/// Macros (RFC 7208 section 7) and the processing limits (section 4.6.4).
#include <catch2/catch.hpp>

#include "mail/spf/macro.h"
#include "tests/support/spf_zone.h"

namespace rampart::spf {
namespace {

constexpr const char* kIp = "192.0.2.3";

/// The text of a macro-string for the message of section 7.4's examples.
void check_text(const char* macro, const char* text, const char* ip = kIp) {
  TestZone zone;
  zone.add("email.example.com", "TXT", "v=spf1 -all exp=why.email.example.com");
  zone.add("why.email.example.com", "TXT", macro);
  const Resolved resolved = check_in(zone, {.ip = Ip::parse(ip).value(),
                                            .sender = "strong-bad@email.example.com",
                                            .helo = "mx.example.org",
                                            .receiver = "mail.example.net",
                                            .now = 1795824000});
  CAPTURE(macro, ip);
  CHECK(resolved.verdict.explanation.value_or("-") == text);
}

TEST_CASE("every letter (section 7.2)") {
  check_text("%{s}", "strong-bad@email.example.com");
  check_text("%{l}", "strong-bad");
  check_text("%{o}", "email.example.com");
  check_text("%{d}", "email.example.com");
  check_text("%{i}", "192.0.2.3");
  check_text("%{p}", "unknown");
  check_text("%{v}", "in-addr");
  check_text("%{v}", "ip6", "2001:db8::cb01");
  check_text("%{h}", "mx.example.org");
  check_text("%{c}", "192.0.2.3");
  check_text("%{c}", "2001:db8::cb01", "2001:DB8:0::CB01");
  check_text("%{r}", "mail.example.net");
  check_text("%{t}", "1795824000");
  check_text("%{i}", "2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.C.B.0.1",
             "2001:db8::cb01");
}

TEST_CASE("transformers and delimiters (section 7.3)") {
  check_text("%{d4}", "email.example.com");
  check_text("%{d3}", "email.example.com");
  check_text("%{d2}", "example.com");
  check_text("%{d1}", "com");
  check_text("%{d200}", "email.example.com");
  check_text("%{dr}", "com.example.email");
  check_text("%{d2r}", "example.email");
  check_text("%{d1r}", "email");
  check_text("%{l-}", "strong.bad");
  check_text("%{l}", "strong-bad");
  check_text("%{lr}", "strong-bad");
  check_text("%{lr-}", "bad.strong");
  check_text("%{l1r-}", "strong");
  check_text("%{l1-}", "bad");
  check_text("%{s2r-@}", "-");  // `@` is no delimiter.
  check_text("%{o-.}", "email.example.com");
  check_text("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com");
  check_text("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com");
  check_text("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  check_text("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com");
  check_text("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net");
}

TEST_CASE("escapes (section 7.1, 7.3)") {
  check_text("%%%_%-", "% %20");
  check_text("%{S}", "strong-bad%40email.example.com");
  check_text("%{L}/%{H}", "strong-bad/mx.example.org");
  check_text("a %{I}", "a 192.0.2.3");
}

void check_expansion(const char* sender, const char* macro, const char* text) {
  const auto parts = parse_macros(macro, MacroPlace::Explanation);
  REQUIRE(parts.ok());
  CAPTURE(sender, macro);
  CHECK(expand(*parts, [&](char) { return std::string(sender); }) == text);
}

TEST_CASE("splitting keeps empty pieces and URL escapes spare the unreserved") {
  check_expansion("a.b.c.d", "%{s3r}", "c.b.a");
  check_expansion("a..b", "%{s2}", ".b");
  check_expansion("a-b+c,d/e_f=g.h", "%{s.-+,/_=}", "a.b.c.d.e.f.g.h");
  check_expansion("a-b", "%{s1-}", "b");
  check_expansion("jack&jill=up-2_h.ill~!", "%{S}", "jack%26jill%3Dup-2_h.ill~%21");
  check_expansion("\xC3\xB6", "%{S}", "%C3%B6");
  check_expansion("", "%{sr}", "");
}

TEST_CASE("a name that grew too long loses labels on its left (section 7.3)") {
  const std::string label(59, 'x');
  const std::string tail = label + "." + label + "." + label + ".example.com";
  CHECK(shorten_name(label + "." + tail) == label + "." + tail);
  CHECK(shorten_name("aa." + label + "." + label + "." + tail) == label + "." + tail);
  CHECK(shorten_name("short.example.") == "short.example");
}

struct Limit {
  const char* story;
  std::string record;
  std::string zone;
  const char* outcome;
  int lookups;
  int voids;
};

void check(const Limit& item) {
  TestZone zone(item.zone);
  zone.add("example.com", "TXT", item.record);
  const Resolved resolved =
      check_in(zone, {.ip = Ip::parse(kIp).value(), .sender = "u@example.com", .helo = "h"});
  CAPTURE(item.story, item.record, resolved.verdict.reason);
  CHECK(to_text(resolved.verdict.outcome) == item.outcome);
  CHECK(resolved.verdict.lookups == item.lookups);
  CHECK(resolved.verdict.void_lookups == item.voids);
}

/// "v=spf1 a:h0.example a:h1.example ... end".
std::string many(const std::string& term, int count, const std::string& end) {
  std::string record = "v=spf1";
  for (int i = 0; i < count; ++i) record += " " + term + std::to_string(i) + ".example";
  return record + " " + end;
}

std::string lines(const std::string& name, int count, const std::string& rest) {
  std::string text;
  for (int i = 0; i < count; ++i) text += name + std::to_string(i) + ".example " + rest + "\n";
  return text;
}

TEST_CASE("ten terms may ask the DNS (section 4.6.4)") {
  const std::string hosts = lines("h", 20, "A 203.0.113.1");
  check({"ten", many("a:h", 10, "-all"), hosts, "fail", 10, 0});
  check({"eleven", many("a:h", 11, "-all"), hosts, "permerror", 11, 0});
  check({"a match comes first", many("a:h", 10, "ip4:192.0.2.3 a:h11.example"), hosts, "pass", 10,
         0});
  check({"exists", many("exists:h", 11, "-all"), "", "permerror", 3, 3});
  check({"ip4 costs nothing", many("a:h", 10, "ip4:192.0.2.3"), hosts, "pass", 10, 0});
  check({"the redirect counts", many("a:h", 10, "redirect=r.example"),
         hosts + "r.example TXT v=spf1 -all\n", "permerror", 11, 0});
  check({"nine and a redirect", many("a:h", 9, "redirect=r.example"),
         hosts + "r.example TXT v=spf1 -all\n", "fail", 10, 0});
  check({"exp costs nothing", many("a:h", 10, "-all exp=h0.example"), hosts, "fail", 10, 0});
  const std::string leaf = "leaf.example TXT v=spf1 -all\n";
  check({"each occurrence counts again", many("include:i", 6, "-all"),
         lines("i", 6, "TXT v=spf1 include:leaf.example ?all") + leaf, "permerror", 11, 0});
  check({"five diamonds fit", many("include:i", 5, "-all"),
         lines("i", 5, "TXT v=spf1 include:leaf.example ?all") + leaf, "fail", 10, 0});
  check({"a loop ends", "v=spf1 include:example.com -all", "", "permerror", 11, 0});
  check({"a loop of redirects ends", "v=spf1 redirect=example.com", "", "permerror", 11, 0});
  check({"%{p} counts like ptr", "v=spf1 exists:%{p}.x.example -all", "", "fail", 2, 1});
}

TEST_CASE("ten MX names may be looked up (section 4.6.4)") {
  std::string ten, eleven;
  for (int i = 0; i < 11; ++i) {
    const std::string line = "example.com MX 10 m" + std::to_string(i) + ".example\n";
    if (i < 10) ten += line;
    eleven += line;
  }
  const std::string hosts = lines("m", 11, "A 203.0.113.1");
  check({"ten", "v=spf1 mx -all", ten + hosts, "fail", 1, 0});
  check({"eleven", "v=spf1 mx -all", eleven + hosts, "permerror", 1, 0});
  check({"mx hosts are not terms", "v=spf1 mx mx mx mx mx mx mx mx mx mx -all", ten + hosts, "fail",
         10, 0});
}

TEST_CASE("of PTR names the first ten count (section 4.6.4)") {
  const auto zone = [](int good) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      const std::string name = "p" + std::to_string(i) + ".example.com";
      text += "3.2.0.192.in-addr.arpa PTR " + name + "\n";
      text += name + " A " + (i == good ? "192.0.2.3" : "203.0.113.9") + "\n";
    }
    return text;
  };
  check({"the tenth", "v=spf1 ptr -all", zone(9), "pass", 1, 0});
  check({"the eleventh", "v=spf1 ptr -all", zone(10), "fail", 1, 0});
}

TEST_CASE("two lookups may lead nowhere (section 4.6.4)") {
  check({"two", many("a:v", 2, "-all"), "", "fail", 2, 2});
  check({"three", many("a:v", 3, "-all"), "", "permerror", 3, 3});
  check(
      {"a match before the third", many("a:v", 2, "ip4:192.0.2.3 a:v9.example"), "", "pass", 2, 2});
  check({"no data counts as no name", many("a:v", 3, "-all"), lines("v", 3, "TXT x"), "permerror",
         3, 3});
  check({"the other family is no void", many("a:v", 3, "-all"), lines("v", 3, "AAAA 2001:db8::1"),
         "fail", 3, 0});
  check({"exists", many("exists:v", 3, "-all"), "", "permerror", 3, 3});
  check({"mx without MX", many("mx:v", 3, "-all"), lines("v", 3, "A 203.0.113.1"), "permerror", 3,
         3});
  check({"mx to nowhere", many("mx:v", 3, "-all"), lines("v", 3, "MX 10 gone.example"), "permerror",
         3, 3});
  check({"a failure is no void", "v=spf1 a:v.example -all", "v.example A !servfail", "temperror", 1,
         0});
  check({"across includes", "v=spf1 a:v0.example include:i.example -all",
         "i.example TXT v=spf1 a:v1.example a:v2.example -all\n", "permerror", 4, 3});
}

TEST_CASE("hostile names stay names") {
  const auto check_outcome = [](const char* sender, const char* record, const char* outcome) {
    TestZone zone;
    zone.add("example.com", "TXT", record);
    const Resolved resolved =
        check_in(zone, {.ip = Ip::parse(kIp).value(), .sender = sender, .helo = "h"});
    CAPTURE(sender, record);
    CHECK(to_text(resolved.verdict.outcome) == outcome);
  };
  check_outcome("a b\\c\"@example.com", "v=spf1 exists:%{l}.x.example -all", "fail");
  check_outcome("a..b@example.com", "v=spf1 exists:%{l}.x.example -all", "fail");
  check_outcome((std::string(80, 'a') + "@example.com").c_str(),
                "v=spf1 exists:%{l}.x.example -all", "fail");
  check_outcome(".@example.com", "v=spf1 include:%{l}.x.example -all", "permerror");
  check_outcome("u@example.com", "v=spf1 a:a%%b%_c.example -all", "fail");
}

}  // namespace
}  // namespace rampart::spf
