// Zone files read: every layout that servers take, and errors that name the line.
#include "dns/zonefile/zone_file.h"

#include <catch2/catch.hpp>
#include <map>

#include "dns/zonefile/zone_serial.h"

using rampart::Name;
using rampart::RecordType;
using rampart::Result;

namespace {

const Name kApex = Name::literal("example.com");
constexpr std::string_view kSoa = "@ 3600 IN SOA ns1 host 1 2 3 4 5\n";

/// One line a record: "owner ttl type value lines".
std::string shown(const rampart::ZoneFile& file) {
  std::string text;
  for (const rampart::ZoneEntry& entry : file.entries) {
    if (entry.key.type == RecordType::SOA) continue;
    text += entry.key.name.relative_to(kApex) + " " + std::to_string(entry.ttl.count()) + " " +
            to_text(entry.key.type) + " " + entry.value + "\n";
  }
  return text;
}

/// Reads `text` below a SOA whose TTL of 3600 is the first to be inherited.
void check_good(std::string_view text, std::string_view expected) {
  CAPTURE(text);
  const auto file = rampart::parse_zone_file(kApex, std::string(kSoa) + std::string(text));
  if (!file.ok()) FAIL(sentence(file.error()));
  CHECK(shown(*file) == expected);
}

void check_bad(std::string_view text, int line, std::string_view why) {
  CAPTURE(text);
  const auto file = rampart::parse_zone_file(kApex, std::string(kSoa) + std::string(text));
  REQUIRE_FALSE(file.ok());
  CHECK_THAT(file.error().what, Catch::StartsWith("line " + std::to_string(line) + ": "));
  CHECK_THAT(file.error().what, Catch::Contains(std::string(why)));
}

}  // namespace

TEST_CASE("owners: relative, absolute, at, inherited") {
  check_good("@ A 192.0.2.1\n", "@ 3600 A 192.0.2.1\n");
  check_good("www A 192.0.2.1\n", "www 3600 A 192.0.2.1\n");
  check_good("www.example.com. A 192.0.2.1\n", "www 3600 A 192.0.2.1\n");
  check_good("WWW.Example.COM. a 192.0.2.1\n", "www 3600 A 192.0.2.1\n");
  check_good("  A 192.0.2.1\n", "@ 3600 A 192.0.2.1\n");
  check_good("www A 192.0.2.1\n\tAAAA 2001:db8::1\n",
             "www 3600 A 192.0.2.1\nwww 3600 AAAA 2001:db8::1\n");
  check_good("www A 192.0.2.1\n\n; comment\n  ; another\n TXT x\n",
             "www 3600 A 192.0.2.1\nwww 3600 TXT x\n");
  check_good("* TXT x\n*.sub TXT y\n", "* 3600 TXT x\n*.sub 3600 TXT y\n");
  check_good("_dmarc TXT x\n", "_dmarc 3600 TXT x\n");
  check_good("a\\.b TXT x\n\\@ TXT y\n", "a\\.b 3600 TXT x\n\\064 3600 TXT y\n");
  check_good("in A 192.0.2.1\nmx MX 1 a\n", "in 3600 A 192.0.2.1\nmx 3600 MX 1 a.example.com\n");
  check_good("m\xC3\xBC TXT x\n", "m\\195\\188 3600 TXT x\n");
}

TEST_CASE("origins change relative names in owners and data") {
  check_good("$ORIGIN sub.example.com.\nwww CNAME web\n",
             "www.sub 3600 CNAME web.sub.example.com\n");
  check_good("$ORIGIN sub\n@ TXT x\n", "sub 3600 TXT x\n");
  check_good("$origin sub\n$ORIGIN deep\na TXT x\n", "a.deep.sub 3600 TXT x\n");
  check_good("$ORIGIN .\nwww.example.com A 192.0.2.1\n", "www 3600 A 192.0.2.1\n");
  check_good("$ORIGIN com.\nexample MX 10 mx.example\n", "@ 3600 MX 10 mx.example.com\n");
  check_good("$ORIGIN sub ; comment\n TXT x\n", "@ 3600 TXT x\n");
  check_good("www MX 0 .\n", "www 3600 MX 0 .\n");
  check_good("www CNAME @\n", "www 3600 CNAME example.com\n");
}

TEST_CASE("TTLs: own, $TTL, inherited, with units, on either side of the class") {
  check_good("a 60 A 192.0.2.1\n", "a 60 A 192.0.2.1\n");
  check_good("a 60 IN A 192.0.2.1\n", "a 60 A 192.0.2.1\n");
  check_good("a IN 60 A 192.0.2.1\n", "a 60 A 192.0.2.1\n");
  check_good("a in 1h30m a 192.0.2.1\n", "a 5400 A 192.0.2.1\n");
  check_good("a 1W CLASS1 A 192.0.2.1\n", "a 604800 A 192.0.2.1\n");
  check_good("a 0 A 192.0.2.1\n", "a 0 A 192.0.2.1\n");
  check_good("a 2147483647 A 192.0.2.1\n", "a 2147483647 A 192.0.2.1\n");
  check_good("$TTL 1d\na A 192.0.2.1\nb 60 A 192.0.2.1\nc A 192.0.2.1\n",
             "a 86400 A 192.0.2.1\nb 60 A 192.0.2.1\nc 86400 A 192.0.2.1\n");
  check_good("a 60 A 192.0.2.1\nb A 192.0.2.1\n", "a 60 A 192.0.2.1\nb 60 A 192.0.2.1\n");
  check_good("$TTL 10\na A 192.0.2.1\n$TTL 20\nb A 192.0.2.1\n",
             "a 10 A 192.0.2.1\nb 20 A 192.0.2.1\n");
  const auto minimum =
      rampart::parse_zone_file(kApex, "@ SOA ns host 1 2 3 4 15m\na 7 A 192.0.2.1\nb TXT x\n");
  REQUIRE(minimum.ok());
  CHECK(shown(*minimum) == "a 7 A 192.0.2.1\nb 900 TXT x\n");
}

TEST_CASE("text: quotes, comments, parentheses and escapes") {
  check_good("@ TXT \"v=spf1 -all\"\n", "@ 3600 TXT v=spf1 -all\n");
  check_good("@ TXT v=DMARC1; p=none\n", "@ 3600 TXT v=DMARC1\n");
  check_good("@ TXT \"v=DMARC1; p=none\" ; note\n", "@ 3600 TXT v=DMARC1; p=none\n");
  check_good("@ TXT v=DMARC1\\; p\n", "@ 3600 TXT v=DMARC1;p\n");
  check_good("@ TXT \"a\" \"b\"\n", "@ 3600 TXT ab\n");
  check_good("@ TXT \"a\"\"b\"\n", "@ 3600 TXT ab\n");
  check_good("@ TXT ( \"a\" ; first (\n  \"b\" )\n", "@ 3600 TXT ab\n");
  check_good("@ TXT (\n\"a\"\n\n\"b\"\n) ; done\nb TXT c\n", "@ 3600 TXT ab\nb 3600 TXT c\n");
  check_good("@ ( IN\n TXT ) x\n", "@ 3600 TXT x\n");
  check_good("@ TXT \"(;)\"\n", "@ 3600 TXT (;)\n");
  check_good("@ TXT \"\\\"\\\\\\065\"\n", "@ 3600 TXT \"\\A\n");
  check_good("@ TXT \"\"\n", "@ 3600 TXT \n");
  check_good("@ TXT \"\xC3\xBC\" ; \xFF\n", "@ 3600 TXT ü\n");
  check_good("@ TXT a\r\nb TXT \"c\"\r\n", "@ 3600 TXT a\nb 3600 TXT c\n");
  check_good("@ TXT a", "@ 3600 TXT a\n");
  check_good("@ TXT a ;", "@ 3600 TXT a\n");
  check_good("@ TXT a\\ b\n", "@ 3600 TXT a b\n");
  check_good("\n\n;\n", "");
}

TEST_CASE("records of other types are kept") {
  check_good("@ TYPE65280 \\# 2 ABCD\n", "@ 3600 TYPE65280 \\# 2 ABCD\n");
  check_good("@ HINFO \"a b\" c\n", "@ 3600 HINFO \"a b\" c\n");
  check_good("@ LOC 51 30 12.7 N 0 7 39.6 W 0m\n", "@ 3600 LOC 51 30 12.7 N 0 7 39.6 W 0m\n");
  check_good("@ HTTPS 1 . alpn=\"h2,h3\"\n", "@ 3600 HTTPS 1 . alpn=\"h2,h3\"\n");
  check_good("@ DNSKEY 257 3 13 ( ab\n cd )\n", "@ 3600 DNSKEY 257 3 13 ab cd\n");
  check_good("d DS 1 13 2 ABCD\n", "d 3600 DS 1 13 2 ABCD\n");
  check_good("c CNAME a\nc CNAME a\n", "c 3600 CNAME a.example.com\nc 3600 CNAME a.example.com\n");
}

TEST_CASE("$GENERATE makes numbered records") {
  check_good("$GENERATE 1-3/2 a$ 60 A 192.0.2.$\nb 8 A 192.0.2.9\n",
             "b 8 A 192.0.2.9\na1 60 A 192.0.2.1\na3 60 A 192.0.2.3\n");
  check_good("$GENERATE 9-10 h${0,3} IN TXT \"x $ $$\"\n",
             "h009 3600 TXT x9$\nh010 3600 TXT x10$\n");
}

/// Reads `text` below a SOA and a $TTL of 7, with files that it may include.
Result<rampart::ZoneFile> with_includes(const std::string& text,
                                        const std::map<std::string, std::string>& files) {
  return rampart::parse_zone_file(kApex, "$TTL 7\n" + std::string(kSoa) + text,
                                  [&](const std::string& name) -> Result<std::string> {
                                    const auto found = files.find(name);
                                    if (found == files.end())
                                      return rampart::Error{.what = "there is no such file"};
                                    return found->second;
                                  });
}

TEST_CASE("$INCLUDE reads another file, with an origin of its own") {
  const std::map<std::string, std::string> files = {{"a", "x TXT a\n$ORIGIN deep\ny 9 TXT b\n"},
                                                    {"b", "@ TXT c\n$INCLUDE a below\n"},
                                                    {"ttl", "$TTL 5\nz TXT d\n"},
                                                    {"loop", "$INCLUDE loop\n"},
                                                    {"soa", std::string(kSoa)},
                                                    {"bad", "x TXT a\nx FOO\n"},
                                                    {"blank", " TXT a\n"}};
  const auto good = [&](const std::string& text) {
    const auto file = with_includes(text, files);
    return file ? shown(*file) : sentence(file.error());
  };
  CHECK(good("w TXT v\n$INCLUDE a\n TXT u\n") ==
        "w 7 TXT v\nw 7 TXT u\nx 7 TXT a\ny.deep 9 TXT b\n");
  CHECK(good("$INCLUDE \"b\" sub\n") ==
        "sub 7 TXT c\nx.below.sub 7 TXT a\ny.deep.below.sub 9 TXT b\n");
  CHECK(good("$INCLUDE ttl\nw 4 TXT v\n$TTL 3\nv TXT u\n") == "w 4 TXT v\nv 3 TXT u\nz 5 TXT d\n");
  CHECK(good("$INCLUDE ttl\nw TXT v\n") ==
        "line 4: servers differ on which TTL applies after $INCLUDE ttl; write a $TTL line behind "
        "it");
  CHECK_THAT(good("$INCLUDE loop\n"), Catch::Contains("nested too deeply"));
  CHECK(good("$INCLUDE none\n") == "line 3: $INCLUDE none: there is no such file");
  CHECK_THAT(good("$INCLUDE soa\n"), Catch::Contains("the SOA must be in the zone's own file"));
  CHECK_THAT(good("$INCLUDE bad\n"), Catch::StartsWith("line 3: $INCLUDE bad: line 2: "));
  CHECK_THAT(good("w TXT v\n$INCLUDE blank\n"), Catch::Contains("no record before it"));
  CHECK_THAT(good("$INCLUDE a b c\n"), Catch::Contains("at most an origin"));
  CHECK_THAT(good("x CNAME w\n$INCLUDE a\n"), Catch::Contains("x.example.com has a CNAME"));
  const auto file = with_includes("$INCLUDE b\n$GENERATE 1-1 g$ TXT $\n", files);
  std::vector<std::string> from;
  for (const auto& entry : file->entries) from.push_back(entry.from);
  CHECK(from ==
        std::vector<std::string>{"", "b line 1", "a line 1", "a line 3", "$GENERATE on line 4"});
}

TEST_CASE("errors name the line and what to do") {
  check_bad("$INCLUDE other.zone\n", 2, "put the records into this file");
  check_bad("\n$generate 1-9 a$ A\n", 3, "one word of data");
  check_bad("$GENERATE 9-1 a$ A 192.0.2.$\n", 2, "the range is not");
  check_bad("$GENERATE 1-9/0 a$ A 192.0.2.$\n", 2, "the range is not");
  check_bad("$GENERATE 1-9 a$ TXT a b c d\n", 2, "quotes");
  check_bad("$GENERATE 1-9 a${1,2,q} A 192.0.2.$\n", 2, "cannot be read");
  check_bad("$GENERATE 1-9 a${-5} A 192.0.2.1\n", 2, "negative");
  check_bad("$GENERATE 0-9999999 a$ A 192.0.2.1\n", 2, "10000000 records; at most 262144");
  check_bad("$GENERATE 1-2 a$ A 192.0.2.x\n", 2, "$GENERATE: line 1: A: ");
  check_bad("$DATE 1\n", 2, "unknown directive");
  check_bad("$TTL\n", 2, "exactly one value");
  check_bad("$TTL 1x\n", 2, "not a TTL");
  check_bad("$ORIGIN a b\n", 2, "exactly one value");
  check_bad("$ORIGIN a..b\n", 2, "an empty label");
  check_bad("@ RRSIG x\n", 2, "signed (RRSIG)");
  check_bad("@ NSEC x\n", 2, "signed (NSEC)");
  check_bad("@ NSEC3 x\n", 2, "signed (NSEC3)");
  check_bad("@ NSEC3PARAM x\n", 2, "signed (NSEC3PARAM)");
  check_bad("@ SOA a b 1 2 3 4 5\n", 2, "second SOA");
  check_bad("a SOA a b 1 2 3 4 5\n", 2, "not at example.com");
  check_bad("example.org. TXT x\n", 2, "outside the zone");
  check_bad("$ORIGIN com.\nwww TXT x\n", 3, "outside the zone");
  check_bad("a TXT x\na..b TXT x\n", 3, "an empty label");
  check_bad("\"a\" TXT x\n", 2, "in quotes");
  check_bad("a CH TXT x\n", 2, "only class IN");
  check_bad("a FOO x\n", 2, "no record type");
  check_bad("a\n", 2, "type is missing");
  check_bad("a 60\n", 2, "type is missing");
  check_bad("a 60 60 A 192.0.2.1\n", 2, "no record type");
  check_bad("a 2147483648 A 192.0.2.1\n", 2, "not a TTL");
  check_bad("a A 192.0.2.256\n", 2, "A: its data is not an IPv4 address");
  check_bad("a MX mx\n", 2, "not a number");
  check_bad("a TXT\n", 2, "no text");
  check_bad("a TXT \"open\n", 2, "not closed on its line");
  check_bad("a TXT \"" + std::string(256, 'x') + "\"\n", 2, "at most 255 fit");
  check_bad("a TXT ( \"x\"\nb TXT y\n", 2, "never closed");
  check_bad("a TXT x )\n", 2, "never opened");
  check_bad("a TXT x\\\n", 2, "backslash at the end");
  check_bad(std::string_view("a TXT x\0y\n", 10), 2, "control character");
  check_bad("a TXT x\ry\n", 2, "control character");
  check_bad("a TXT \"\\999\"\n", 2, "bad escape");
  check_bad("a CNAME b\na TXT x\n", 3, "a.example.com has a CNAME (line 2)");
  check_bad("a TXT x\na CNAME b\n", 2, "has a CNAME (line 3)");
  check_bad("a CNAME b\na CNAME c\n", 3, "has a CNAME (line 2)");
  check_good("a CNAME b\na KEY 512 3 13 AAAA\n",
             "a 3600 CNAME b.example.com\na 3600 KEY 512 3 13 AAAA\n");
}

TEST_CASE("errors about the whole file") {
  const auto what = [](std::string_view text) {
    const auto file = rampart::parse_zone_file(kApex, text);
    return file.ok() ? std::string("good") : file.error().what;
  };
  CHECK(what("") == "the zone has no SOA record");
  CHECK(what("$TTL 1h\n@ NS ns\n") == "the zone has no SOA record");
  CHECK_THAT(what(" TXT x\n"), Catch::Contains("no record before it has a name"));
  CHECK_THAT(what("@ TXT x\n"), Catch::Contains("add a $TTL line"));
  CHECK_THAT(what("\xEF\xBB\xBF$TTL 1h\n"), Catch::Contains("byte order mark"));
  CHECK_THAT(what("@ 1 SOA \\# 1 00\n"), Catch::Contains("write the SOA's fields out"));
}

TEST_CASE("the serial, places and sets of a file") {
  const auto file =
      rampart::parse_zone_file(kApex,
                               "$TTL 1h\n@ IN SOA ns host (\n 2026112101 ; serial\n 2h 3h 4w 5m )\n"
                               "@ TXT ( \"a\"\n \"b\" )\n@ 60 TXT c\n@ TXT c\n");
  REQUIRE(file.ok());
  CHECK(file->serial == 2026112101);
  REQUIRE(file->entries.size() == 4);
  CHECK(file->entries[0].first_line == 2);
  CHECK(file->entries[0].last_line == 4);
  CHECK(file->entries[0].value ==
        "ns.example.com host.example.com 2026112101 7200 10800 2419200 300");
  CHECK(file->entries[1].first_line == 5);
  CHECK(file->entries[1].last_line == 6);
  const auto sets = file->sets();
  REQUIRE(sets.size() == 2);
  CHECK(sets.at({kApex, RecordType::TXT}) ==
        rampart::RecordSet{std::chrono::seconds(60), {"ab", "c"}});
}

TEST_CASE("serials always grow in the sense of RFC 1982") {
  using namespace std::chrono;
  constexpr sys_days kToday = year{2026} / 11 / 21;
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> cases = {
      {1, 2},
      {0, 1},
      {4294967295, 1},
      {2026112000, 2026112101},
      {2026112100, 2026112101},
      {2026112101, 2026112102},
      {2026112199, 2026112200},
      {2026112200, 2026112201},
      {2025010100, 2026112101},
      {2026113199, 2026113200},
      {2026113200, 2026113201},
      {2027010101, 2027010102},
      {2026133101, 2026133102},
      {1763683200, 1763683201},
      {1979010101, 1979010102},
      {19990101, 19990102},
  };
  for (const auto& [before, after] : cases) {
    CAPTURE(before);
    CHECK(rampart::next_serial(before, kToday) == after);
    CHECK(static_cast<std::int32_t>(after - before) > 0);
  }
}

TEST_CASE("no error quotes the file") {
  for (const std::string_view text :
       {"secret.secret TXT", "secret", "$secret", "a secret", "a A secret", "secret. TXT x",
        "a..secret TXT x", "a 1secret A", "a MX 1 secret..", "a TXT \"secret", "secret( TXT"}) {
    CAPTURE(text);
    const auto file = rampart::parse_zone_file(kApex, std::string(kSoa) + std::string(text));
    REQUIRE_FALSE(file.ok());
    CHECK(file.error().what.find("secret") == std::string::npos);
  }
}
