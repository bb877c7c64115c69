/// Tag-lists, the transport records, and what a value is at its place.
#include <catch2/catch.hpp>

#include "mail/records/kind.h"
#include "mail/syntax/tags.h"
#include "mail/transport/transport.h"

namespace rampart {
namespace {

TEST_CASE("tag-lists") {
  const std::pair<std::string, std::string> good[] = {
      {"a=1", "a=1"},
      {" a = 1 ; b = 2 ;", "a=1; b=2"},
      {"a=;b=x y", "a=; b=x y"},
      {"a==;b=c=d", "a==; b=c=d"},
      {"a=1;\r\n b=2", "a=1; b=2"},
      {"A=1;a=2", "A=1; a=2"},
      {"a_1=x", "a_1=x"},
  };
  for (const auto& [text, printed] : good) {
    INFO(text);
    const auto tags = parse_tags(text);
    REQUIRE(tags);
    CHECK(print_tags(*tags) == printed);
  }
  for (const std::string bad : {"", ";", "a", "=1", "a=1;;b=2", "a=1; ;", "a=1;a=2", "1a=1",
                                "a b=1", "a=\x01", "a=\x7f", "a=\xff", "a=1\nb=2", "a=1\r\n"}) {
    INFO(bad);
    CHECK_FALSE(parse_tags(bad));
  }
  CHECK(find_tag({{"a", "1"}}, "a") == "1");
  CHECK_FALSE(find_tag({{"a", "1"}}, "A"));
  CHECK(version_of("v = X ; y") == "X");
  // RFC 9989 section 4.10: what does not start with the version is discarded.
  CHECK_FALSE(version_of(" v=X; y"));
  CHECK_FALSE(version_of("a=1; v=X"));
}

template <class Parse>
void check(Parse parse_it, const std::string& text, const std::string& printed) {
  INFO(text);
  const auto record = parse_it(text);
  REQUIRE(record.ok() == !printed.empty());
  if (record) CHECK(print(*record) == printed);
}

TEST_CASE("tag-lists as verifiers of DKIM read them") {
  const std::tuple<std::string, std::string, std::string> rows[] = {
      {"a=1", "a=1", ""},
      {"a=1\nb", "a=1 b", "line break"},
      {"x-y=1", "x-y=1", "`x-y` is not a tag name"},
      {"n=caf\xc3\xa9", "n=caf\xc3\xa9", "outside ASCII"},
      // RFC 8616 section 5: d=, s= and i= may hold U-labels.
      {"d=caf\xc3\xa9.example", "d=caf\xc3\xa9.example", ""},
  };
  for (const auto& [text, printed, slip] : rows) {
    INFO(text);
    const auto reading = read_tags(text, "dsi");
    REQUIRE(reading);
    CHECK(print_tags(reading->tags) == printed);
    REQUIRE(reading->slips.size() == (slip.empty() ? 0U : 1U));
    if (!slip.empty()) CHECK(reading->slips.front().find(slip) != std::string::npos);
  }
  for (const std::string bad : {"", "a", "=1", "a=1;;b=2", "a=1;a=2", "a b=1", "a=\x01"}) {
    INFO(bad);
    CHECK_FALSE(read_tags(bad));
  }
}

TEST_CASE("MTA-STS records") {
  const std::pair<std::string, std::string> rows[] = {
      {"v=STSv1; id=20160831085700Z;", "v=STSv1; id=20160831085700Z;"},
      {"v=STSv1;id=1", "v=STSv1; id=1;"},
      {"v=STSv1; id=a; x=y", "v=STSv1; id=a; x=y;"},
      {"v=STSv1", ""},
      {"v=STSv1; id=", ""},
      {"v=STSv1; id=a-b", ""},
      {"v=STSv1; id=123456789012345678901234567890123", ""},
      {"v=STSv2; id=1", ""},
      {"v=stsv1; id=1", ""},
      // RFC 8461 section 3.1: what does not begin with exactly "v=STSv1;" is discarded.
      {" v=STSv1; id=1", ""},
      {"v = STSv1; id=1", ""},
      {"v=STSv1 ; id=1", ""},
      {"id=1; v=STSv1", ""},
      {"V=STSv1; id=1", ""},
      {"", ""},
  };
  for (const auto& [text, printed] : rows) check(parse_mta_sts, text, printed);
}

TEST_CASE("TLS-RPT records") {
  const std::pair<std::string, std::string> rows[] = {
      {"v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@b.example"},
      {"v=TLSRPTv1;rua=mailto:a@b.example , https://r.example/in;x=1",
       "v=TLSRPTv1; rua=mailto:a@b.example,https://r.example/in; x=1"},
      {"v=TLSRPTv1", ""},
      {"v=TLSRPTv1; rua=", ""},
      {"v=TLSRPTv1; rua=a@b.example", ""},
      {"v=TLSRPTv1; rua=http://r.example", ""},
      {"v=TLSRPTv1; rua=mailto:a@b.example!10m", ""},
      {"v=TLSRPTv1; rua=mailto:a@b.example,", ""},
      {"v=tlsrptv1; rua=mailto:a@b.example", ""},
      // RFC 8460 section 3: what does not begin with exactly "v=TLSRPTv1;" is discarded.
      {" v=TLSRPTv1; rua=mailto:a@b.example", ""},
      {"v=TLSRPTv1 ; rua=mailto:a@b.example", ""},
  };
  for (const auto& [text, printed] : rows) check(parse_tls_rpt, text, printed);
}

TEST_CASE("BIMI records") {
  const std::pair<std::string, std::string> rows[] = {
      {"v=BIMI1; l=https://x.example/l.svg; a=https://x.example/c.pem",
       "v=BIMI1; l=https://x.example/l.svg; a=https://x.example/c.pem"},
      {"v=BIMI1; l=; a=", "v=BIMI1; l=; a="},
      {"v=BIMI1; lps=brand; avp=brand; l=https://x.example/l.svg; z=1",
       "v=BIMI1; l=https://x.example/l.svg; avp=brand; lps=brand; z=1"},
      {"v=BIMI1", ""},
      {"v=BIMI1; l=http://x.example/l.svg", ""},
      {"v=BIMI1; l=https://x.example/l.svg; a=c.pem", ""},
      {"v=bimi1; l=", ""},
  };
  for (const auto& [text, printed] : rows) check(parse_bimi, text, printed);
}

struct Case {
  std::string name;
  RecordType type;
  std::string value;
  RecordKind kind;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(c.name << " " << c.value);
    CHECK(kind_of({Name::literal(c.name), c.type}, c.value) == c.kind);
  }
}

TEST_CASE("what a value is, by its version and place") {
  using enum RecordKind;
  constexpr auto kTxt = RecordType::TXT;
  check({
      {"x.example", kTxt, "v=spf1 -all", Spf},
      {"x.example", kTxt, "v=spf1", Spf},
      {"x.example", kTxt, "V=SPF1 ~all", Spf},
      {"_spf.x.example", kTxt, "v=spf1 -all", Spf},
      {"x.example", kTxt, "v=spf10 -all", Foreign},
      {"x.example", kTxt, "v=spf1\t-all", Foreign},
      {"x.example", kTxt, " v=spf1 -all", Foreign},
      {"x.example", kTxt, "site-verification=1", Foreign},
      {"x.example", kTxt, "v=DMARC1; p=none", Foreign},
      {"_dmarc.x.example", kTxt, "v=DMARC1; p=none", Dmarc},
      {"_dmarc.x.example", kTxt, "v = DMARC1;broken", Dmarc},
      {"_dmarc.x.example", kTxt, " v=DMARC1; p=none", Dmarc},
      {"_mta-sts.x.example", kTxt, "v = STSv1; id=1", MtaSts},
      {"x.example._report._dmarc.y.example", kTxt, " v=DMARC1", Foreign},
      {"_dmarc.x.example", kTxt, "v=dmarc1; p=none", Foreign},
      {"_dmarc.x.example", kTxt, "v=DMARC12; p=none", Foreign},
      {"x.example._report._dmarc.y.example", kTxt, "v=DMARC1", ReportAuthorization},
      {"*._report._dmarc.y.example", kTxt, "v=DMARC1;", ReportAuthorization},
      {"x.example._report._dmarc.y.example", kTxt, "yes", Foreign},
      {"s._domainkey.x.example", kTxt, "v=DKIM1; p=", DkimKey},
      {"s._domainkey.x.example", kTxt, "k=rsa; p=AAAA", DkimKey},
      {"a.b._domainkey.x.example", kTxt, "p=", DkimKey},
      {"*._domainkey.x.example", kTxt, "v=DKIM1; p=", DkimKey},
      {"s._domainkey.x.example", kTxt, "v=DKIM2; p=", Foreign},
      {"s._domainkey.x.example", kTxt, "k=rsa", Foreign},
      {"s._domainkey.x.example", kTxt, "hello", Foreign},
      {"_domainkey.x.example", kTxt, "o=-; p=1", Foreign},
      {"x.example", kTxt, "v=DKIM1; p=", Foreign},
      {"s._domainkey.x.example", RecordType::CNAME, "t.example", DkimCname},
      {"www.x.example", RecordType::CNAME, "t.example", Foreign},
      {"_dmarc.x.example", RecordType::CNAME, "t.example", Foreign},
      {"_mta-sts.x.example", kTxt, "v=STSv1; id=1", MtaSts},
      {"x.example", kTxt, "v=STSv1; id=1", Foreign},
      {"_smtp._tls.x.example", kTxt, "v=TLSRPTv1; rua=mailto:a@b", TlsRpt},
      {"_tls.x.example", kTxt, "v=TLSRPTv1; rua=mailto:a@b", Foreign},
      {"default._bimi.x.example", kTxt, "v=BIMI1; l=", Bimi},
      {"x.example", RecordType::MX, "0 .", NullMx},
      {"x.example", RecordType::MX, "10 .", Foreign},
      {"x.example", RecordType::MX, "0 mx.x.example", Foreign},
      {"x.example", RecordType::A, "192.0.2.1", Foreign},
  });
}

TEST_CASE("receivers discard what does not begin as they require") {
  const std::tuple<std::string, std::string, bool> rows[] = {
      // RFC 9989 section 4.10 and RFC 7489 section 6.6.3; blanks around `=` are in the grammar.
      {"_dmarc.x.example", "v=DMARC1; p=none", true},
      {"_dmarc.x.example", "v = DMARC1; p=none", true},
      {"_dmarc.x.example", " v=DMARC1; p=none", false},
      {"_dmarc.x.example", "\tv=DMARC1; p=none", false},
      // RFC 8461 section 3.1, RFC 8460 section 3.
      {"_mta-sts.x.example", "v=STSv1; id=1", true},
      {"_mta-sts.x.example", " v=STSv1; id=1", false},
      {"_mta-sts.x.example", "V=STSv1; id=1", false},
      {"_smtp._tls.x.example", "v=TLSRPTv1;rua=mailto:a@b", true},
      {"_smtp._tls.x.example", "v=TLSRPTv1 ;rua=mailto:a@b", false},
      {"default._bimi.x.example", "v=BIMI1; l=", true},
      {"default._bimi.x.example", " v=BIMI1; l=", false},
      // RFC 6376 section 3.2: blanks around a tag are no part of it.
      {"s._domainkey.x.example", " v=DKIM1; p=", true},
      {"x.example", "site=1", false},
  };
  for (const auto& [name, value, read] : rows) {
    INFO(name << " " << value);
    CHECK(is_read({Name::literal(name), RecordType::TXT}, value) == read);
  }
}

TEST_CASE("near misses are explained, other foreign records are not") {
  const std::tuple<std::string, std::string, std::string> rows[] = {
      {"_dmarc.x.example", "v=dmarc1; p=none", "exactly `v=DMARC1;`"},
      {"_dmarc.x.example", "v=DMARC 1; p=none", "exactly `v=DMARC1;`"},
      {"_dmarc.x.example", "\"v=DMARC1; p=none\"", "exactly `v=DMARC1;`"},
      {"_dmarc.x.example", "DMARC1; p=none", "exactly `v=DMARC1;`"},
      {"_dmarc.x.example", "p=none; v=DMARC1", "must come first"},
      {"_dmarc.x.example", "TXT v=DMARC1; p=none", "must come first"},
      {"_dmarc.x.example", ";v=DMARC1; p=none", "must come first"},
      {"_dmarc.x.example", "p=none; rua=mailto:a@b.example", "first tag"},
      {"_dmarc.x.example", "v=DMARC1, p=none", "exactly `v=DMARC1;`"},
      {"x.example", "v=DMARC1; p=none", "_dmarc.<domain>"},
      {"x.example", "v=spf10 -all", "RFC 7208 section 4.5"},
      {"x.example", "v=spf1;-all", "RFC 7208 section 4.5"},
      {"x.example", "\"v=spf1 -all\"", "exactly `v=spf1`"},
      {"x.example", " v=spf1 -all", "a blank comes before"},
      {"x.example", "\tV=SPF1", "a blank comes before"},
      {"x.example", "\nv=spf1 -all", "a blank comes before"},
      {"x.example", "\xef\xbb\xbfv=spf1 -all", "exactly `v=spf1`"},
      {"x.example", "`v=spf1 -all`", "exactly `v=spf1`"},
      {"x.example", "(v=spf1 -all)", "exactly `v=spf1`"},
      {"x.example", "v= spf1 -all", "exactly `v=spf1`"},
      {"x.example", "v==spf1 -all", "exactly `v=spf1`"},
      {"x.example", "v:spf1 -all", "exactly `v=spf1`"},
      {"x.example", "v=sfp1 -all", "exactly `v=spf1`"},
      {"x.example", "v=spf2 -all", "exactly `v=spf1`"},
      {"x.example", "V=SPF1-all", "a space or the end"},
      {"x.example", "v=spf1\tmx -all", "a space or the end"},
      {"x.example", "v=spf1, mx -all", "a space or the end"},
      {"x.example", "TXT \"v=spf1 -all\"", "must come first"},
      {"x.example", "spf=v=spf1 -all", "must come first"},
      {"x.example", "verification=1 v=spf1 -all", "must come first"},
      {"x.example", "spf1 -all", "exactly `v=spf1`"},
      {"s._domainkey.x.example", "v=dkim1; p=AAAA", "exactly `v=DKIM1;`"},
      {"s._domainkey.x.example", "v=DKIM2; p=AAAA", "exactly `v=DKIM1;`"},
      {"s._domainkey.x.example", "k=rsa; h=sha256", "needs `p=`"},
      {"s._domainkey.x.example", "DKIM1 v=DKIM1 k=rsa", "exactly `v=DKIM1;`"},
      {"s._domainkey.x.example", "TXT v=DKIM1; k=rsa", "must come first"},
      {"x.example", "v=DKIM1; k=rsa; p=AAAA", "_domainkey"},
      {"_mta-sts.x.example", "v=stsv1; id=1", "exactly `v=STSv1;`"},
      {"_smtp._tls.x.example", "v=TLSRPT1; rua=mailto:a@b", "exactly `v=TLSRPTv1;`"},
      {"x.example", "v=TLSRPTv1; rua=mailto:a@b", "_smtp._tls"},
      {"x.example", "site-verification=1", ""},
      {"x.example", "v=spf1 -all", ""},
      {"x.example", "V=spf1 -all", ""},
      {"x.example", "spf2.0/pra -all", ""},
      {"x.example", "see v=DMARC1", ""},
      {"_dmarc.x.example", " v=DMARC1; p=none", "exactly `v=DMARC1;`"},
      {"_mta-sts.x.example", " v=STSv1; id=1", "exactly `v=STSv1;`"},
      {"_mta-sts.x.example", "v = STSv1; id=1", "exactly `v=STSv1;`"},
      {"_smtp._tls.x.example", "v=tlsrptv1; rua=mailto:a@b", "exactly `v=TLSRPTv1;`"},
      {"default._bimi.x.example", "v=bimi1; l=", "exactly `v=BIMI1;`"},
      {"s._domainkey.x.example", "v=DKIM1\\; k=rsa\\; p=AAAA", "exactly `v=DKIM1;`"},
      {"s._domainkey.x.example", "v=DKIM1 k=rsa p=AAAA", "exactly `v=DKIM1;`"},
      {"_dmarc.x.example", "v=DMARC1; p=none", ""},
      {"s._domainkey.x.example", "hello", ""},
  };
  for (const auto& [name, value, part] : rows) {
    INFO(name << " " << value);
    const auto miss = near_miss({Name::literal(name), RecordType::TXT}, value);
    CHECK(miss.has_value() == !part.empty());
    INFO(miss.value_or(""));
    if (miss) CHECK(miss->find(part) != std::string::npos);
  }
  CHECK_FALSE(near_miss({Name::literal("x.example"), RecordType::MX}, "10 mx.x.example"));
}

}  // namespace
}  // namespace rampart
