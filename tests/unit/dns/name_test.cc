// Names: what is read, what is refused, and that what is printed reads back.
#include "dns/name.h"

#include <catch2/catch.hpp>

#include "base/utf8.h"
#include "dns/record.h"

using rampart::Name;

namespace {

void check_good(std::string_view text, std::string_view spelled) {
  CAPTURE(text);
  const auto name = Name::parse(text);
  REQUIRE(name.ok());
  CHECK(name->text() == spelled);
  const auto again = Name::parse(name->text());
  REQUIRE(again.ok());
  CHECK(*again == *name);
}

void check_bad(std::string_view text, std::string_view why) {
  CAPTURE(text);
  const auto name = Name::parse(text);
  REQUIRE_FALSE(name.ok());
  CHECK_THAT(name.error().what, Catch::Contains(std::string(why)));
}

void check_shown(std::string_view text, std::string_view shown) {
  CAPTURE(text);
  CHECK(Name::literal(text).unicode() == shown);
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("names are spelled in one way") {
  check_good(".", ".");
  check_good("example.com", "example.com");
  check_good("example.com.", "example.com");
  check_good("Example.COM", "example.com");
  check_good("com", "com");
  check_good("_dmarc.example.com", "_dmarc.example.com");
  check_good("S1._DomainKey.example.com.", "s1._domainkey.example.com");
  check_good("*.example.com", "*.example.com");
  check_good("\\*.example.com", "*.example.com");
  check_good("\\042.example.com", "*.example.com");
  check_good("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa");
  check_good("a+b=c.example", "a+b=c.example");
  check_good("-a-.example", "-a-.example");
  check_good("1.2.3.4", "1.2.3.4");
}

TEST_CASE("escapes are octets") {
  check_good("a\\.b.example", "a\\.b.example");
  check_good("a\\046b.example", "a\\.b.example");
  check_good("a\\\\.example", "a\\\\.example");
  check_good("a\\092.example", "a\\\\.example");
  check_good("\\065b.example", "ab.example");
  check_good("a\\ b.example", "a\\032b.example");
  check_good("a\\\"b.example", "a\\034b.example");
  check_good("\\000.example", "\\000.example");
  check_good("\\255.example", "\\255.example");
  check_good("a@b.example", "a\\064b.example");
  check_good("$a.example", "\\036a.example");
  check_good("a\\.", "a\\.");
  check_good("a\\\\.", "a\\\\");
}

TEST_CASE("Unicode labels become A-labels") {
  check_good("münchen.example", "xn--mnchen-3ya.example");
  check_good("MÜNCHEN.example", "xn--mnchen-3ya.example");
  check_good("mu\u0308nchen.example", "xn--mnchen-3ya.example");
  check_good("faß.example", "xn--fa-hia.example");
  check_good("βόλος.example", "xn--nxasmm1c.example");
  check_good("_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example");
  check_good("例え.テスト", "xn--r8jz45g.xn--zckzah");
  check_good("xn--mnchen-3ya.example", "xn--mnchen-3ya.example");
  check_good("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example");
}

TEST_CASE("limits hold to the octet") {
  const std::string label63(63, 'a');
  const std::string almost = repeated(label63 + ".", 3);
  check_good(label63, label63);
  check_good(almost + std::string(61, 'b'), almost + std::string(61, 'b'));
  check_bad(std::string(64, 'a'), "a label has 64 octets");
  check_bad(almost + std::string(62, 'b'), "it takes 256 octets");
  check_bad(repeated("ü", 60) + ".example", "is not a valid internationalized label");
  check_good(repeated("\\001", 63), repeated("\\001", 63));
  check_bad(repeated("\\001", 64), "a label has 64 octets");
  check_bad(repeated("a.", 128), "it takes 257 octets");
  check_good(repeated("a.", 127), repeated("a.", 126) + "a");
}

TEST_CASE("what is no name is refused with its reason") {
  check_bad("", "an empty text");
  check_bad("@", "means the origin");
  check_bad("..", "an empty label");
  check_bad(".example.com", "an empty label");
  check_bad("a..b", "an empty label");
  check_bad("a.b..", "an empty label");
  check_bad("a b.example", "unless it is escaped");
  check_bad(" example.com", "unless it is escaped");
  check_bad("example.com\n", "unless it is escaped");
  check_bad("a;b", "unless it is escaped");
  check_bad("a(b", "unless it is escaped");
  check_bad("\"a\"", "unless it is escaped");
  check_bad("a\\", "a backslash needs");
  check_bad("a\\25", "a backslash needs");
  check_bad("a\\256", "a backslash needs");
  check_bad("a\\1x2", "a backslash needs");
  check_bad("\xC3.example", "internationalized");
  check_bad("\xFF\xFE.example", "internationalized");
  check_bad("a\u202Eb.example", "internationalized");
  check_bad("ü\\.b.example", "mixes Unicode and escapes");
  check_bad("ab\u3002cd", "internationalized");
}

TEST_CASE("an error shows no control octet and not the whole of a long text") {
  const std::string what = Name::parse("\x1b[31m" + std::string(500, 'x')).error().what;
  CHECK(what.find('\x1b') == std::string::npos);
  CHECK(what.size() < 250);
}

TEST_CASE("labels, parents and children") {
  const Name name = Name::literal("a\\.b._domainkey.example.com");
  CHECK(name.labels() == std::vector<std::string_view>{"a\\.b", "_domainkey", "example", "com"});
  CHECK(name.parent() == Name::literal("_domainkey.example.com"));
  CHECK(Name::literal("com").parent().is_root());
  CHECK(Name::root().parent().is_root());
  CHECK(Name::root().labels().empty());
  CHECK(*Name::literal("example.com").child("s1._domainkey") ==
        Name::literal("s1._domainkey.example.com"));
  CHECK(*Name::root().child("com") == Name::literal("com"));
  CHECK(*Name::literal("example.com").child("*") == Name::literal("*.example.com"));
  for (const std::string_view prefix : {"", "@", "a..b", "a.", ".", "a b"}) {
    CAPTURE(prefix);
    CHECK_FALSE(Name::literal("example.com").child(prefix).ok());
  }
  CHECK_FALSE(Name::literal(repeated("abcdefg.", 31) + "a").child(std::string(8, 'x')).ok());
}

TEST_CASE("a name is within its ancestors, label by label") {
  const Name zone = Name::literal("example.com");
  CHECK(zone.is_within(zone));
  CHECK(zone.is_within(Name::root()));
  CHECK(Name::literal("_dmarc.example.com").is_within(zone));
  CHECK_FALSE(Name::literal("badexample.com").is_within(zone));
  CHECK_FALSE(Name::literal("com").is_within(zone));
  CHECK_FALSE(Name::literal("a\\.example.com").is_within(zone));
  CHECK(Name::literal("a\\\\.example.com").is_within(zone));
  CHECK(Name::literal("_dmarc.example.com").relative_to(zone) == "_dmarc");
  CHECK(zone.relative_to(zone) == "@");
  CHECK(zone.relative_to(Name::root()) == "example.com");
  CHECK(Name::literal("*.a.example.com").is_wildcard());
  CHECK_FALSE(Name::literal("a.*.example.com").is_wildcard());
}

TEST_CASE("the wire form counts octets, not characters") {
  CHECK(Name::root().wire() == std::string(1, '\0'));
  CHECK(Name::literal("a.bc").wire() == std::string("\1a\2bc\0", 6));
  CHECK(Name::literal("\\.\\000").wire() == std::string("\2.\0\0", 4));
}

TEST_CASE("Unicode is shown only where it cannot mislead") {
  check_shown("münchen.example", "münchen.example");
  check_shown("例え.テスト", "例え.テスト");
  check_shown("한국.example", "한국.example");
  check_shown("почта.example", "почта.example");
  check_shown("βόλος.example", "βόλος.example");
  check_shown("_dmarc.bücher.example", "_dmarc.bücher.example");
  check_shown(".", ".");
  check_shown("xn--.example", "xn--.example");
  check_shown("xn--99999999.example", "xn--99999999.example");
  // All Cyrillic, and each letter looks Latin; then Cyrillic and Latin in one label.
  check_shown("аре.example", "xn--80ak6a.example");
  check_shown("pаypal.example", "xn--pypal-4ve.example");
  // Written from right to left; and dotless i.
  check_shown("דוגמה.example", Name::literal("דוגמה.example").text());
  check_shown("mıcro.example", Name::literal("mıcro.example").text());
}

TEST_CASE("record types by mnemonic and by number") {
  using rampart::parse_record_type;
  using rampart::RecordType;
  CHECK(parse_record_type("txt") == RecordType::TXT);
  CHECK(parse_record_type("TYPE16") == RecordType::TXT);
  CHECK(parse_record_type("type65280") == static_cast<RecordType>(65280));
  CHECK(to_text(static_cast<RecordType>(65280)) == "TYPE65280");
  CHECK(to_text(RecordType::NSEC3PARAM) == "NSEC3PARAM");
  CHECK(to_text(RecordType::CAA) == "CAA");
  for (const std::string_view bad : {"", "TXTT", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", " TXT"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_record_type(bad));
  }
  for (int number = 0; number < 65536; ++number) {
    const auto type = static_cast<RecordType>(number);
    if (parse_record_type(to_text(type)) != type) FAIL("type " << number);
  }
}

TEST_CASE("UTF-8 is read strictly") {
  using rampart::first_code_point;
  CHECK(first_code_point("a")->value == U'a');
  CHECK(first_code_point("ü")->value == U'ü');
  CHECK(first_code_point("\xF0\x9F\x98\x80")->value == 0x1F600);
  for (const std::string_view bad : {"", "\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                                     "\xF4\x90\x80\x80", "\xFF", "\xC3("}) {
    CHECK_FALSE(first_code_point(bad));
  }
}
