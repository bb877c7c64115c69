// Zone files edited: only the lines that change are touched.
#include <catch2/catch.hpp>

#include "dns/rdata.h"
#include "dns/zonefile/zone_file.h"

using rampart::Name;
using rampart::RecordSet;
using rampart::RecordType;
using rampart::ZoneEdit;

namespace {

const Name kApex = Name::literal("example.com");
constexpr std::chrono::sys_days kToday = std::chrono::year{2026} / 11 / 21;

/// An edit in one line: "_dmarc 3600 TXT a | b", or "_dmarc TXT" to remove the set.
ZoneEdit edit(std::string_view text) {
  const auto word = [&text] {
    const std::string_view taken = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), taken.size() + 1));
    return taken;
  };
  const std::string_view owner = word();
  const Name name = owner == "@" ? kApex : *kApex.child(owner);
  const auto ttl = rampart::read_period(text.substr(0, text.find(' ')));
  if (ttl) word();
  const RecordType type = rampart::parse_record_type(word()).value();
  if (!ttl) return {{name, type}, {}};
  RecordSet set{std::chrono::seconds(*ttl), {}};
  for (std::size_t bar = 0; bar != std::string_view::npos;) {
    bar = text.find(" | ");
    set.values.emplace(text.substr(0, bar));
    if (bar != std::string_view::npos) text.remove_prefix(bar + 3);
  }
  return {{name, type}, set};
}

std::vector<ZoneEdit> edits(const std::vector<std::string>& texts) {
  std::vector<ZoneEdit> all;
  for (const std::string& text : texts) all.push_back(edit(text));
  return all;
}

void check_edit(const std::string& before, const std::vector<std::string>& texts,
                const std::string& after) {
  CAPTURE(texts);
  const auto file = rampart::parse_zone_file(kApex, before);
  if (!file.ok()) FAIL(sentence(file.error()));
  const auto edited = rampart::edit_zone_file(*file, edits(texts), kToday);
  if (!edited.ok()) FAIL(sentence(edited.error()));
  CHECK(*edited == after);
}

void check_refused(const std::string& before, const std::vector<std::string>& texts,
                   std::string_view why) {
  CAPTURE(texts);
  const auto edited =
      rampart::edit_zone_file(*rampart::parse_zone_file(kApex, before), edits(texts), kToday);
  REQUIRE_FALSE(edited.ok());
  CHECK_THAT(sentence(edited.error()), Catch::Contains(std::string(why)));
}

const std::string kHead = "$TTL 3600\n@ IN SOA ns host 1 2 3 4 5\n";
const std::string kHeadAfter = "$TTL 3600\n@ IN SOA ns host 2 2 3 4 5\n";

/// As check_edit, below a $TTL of 3600 and a SOA whose serial moves on.
void check_below(const std::string& before, const std::vector<std::string>& texts,
                 const std::string& after) {
  check_edit(kHead + before, texts, kHeadAfter + after);
}

}  // namespace

TEST_CASE("records of $INCLUDE and $GENERATE are read, and never edited") {
  const std::string generated = "$GENERATE 1-2 g$ 60 TXT x\n";
  check_below(generated + "a TXT y\n", {"a 3600 TXT z"}, generated + "a TXT \"z\"\n");
  // Beside a generated value, another one is a line of its own.
  check_below(generated, {"g1 60 TXT x | z"}, generated + "g1 60 IN TXT \"z\"\n");
  check_refused(kHead + generated, {"g1 60 TXT z"},
                "g1.example.com TXT is set by $GENERATE on line 3, which is not edited");
  check_refused(kHead + generated, {"g2 TXT"}, "which is not edited");
  check_refused(kHead + generated, {"g1 90 TXT x | z"}, "which is not edited");
  const auto file = rampart::parse_zone_file(
      kApex, kHead + "$INCLUDE a\n",
      [](const std::string&) -> rampart::Result<std::string> { return std::string("b TXT x\n"); });
  const auto after = rampart::edit_zone_file(*file, edits({"c 3600 TXT y"}), kToday);
  REQUIRE(after.ok());
  CHECK(*after == kHeadAfter + "$INCLUDE a\nc IN TXT \"y\"\n");
}

TEST_CASE("nothing to change leaves every byte, the serial included") {
  const std::string text = kHead + "@ TXT x ; y\n\tTXT z";
  check_edit(text, {}, text);
  check_edit(text, {"@ 3600 TXT x | z"}, text);
  check_edit(text, {"gone TXT"}, text);
}

TEST_CASE("a changed value is rewritten in its place, its comment kept") {
  check_below("@ TXT \"v=spf1 ~all\" ; SPF\n", {"@ 3600 TXT v=spf1 -all"},
              "@ TXT \"v=spf1 -all\" ; SPF\n");
  check_below("@\tIN\tTXT\t\"v=spf1 ~all\"\n", {"@ 3600 TXT v=spf1 -all"},
              "@\tIN\tTXT\t\"v=spf1 -all\"\n");
  check_below("@ TXT site=1\n@ TXT \"v=spf1 ~all\"\n", {"@ 3600 TXT site=1 | v=spf1 -all"},
              "@ TXT site=1\n@ TXT \"v=spf1 -all\"\n");
  check_below("@ TXT b=1 ; b\n@ TXT a=1 ; a\n", {"@ 3600 TXT a=2 | b=2"},
              "@ TXT \"b=2\" ; b\n@ TXT \"a=2\" ; a\n");
  check_below("@ TXT x\n@ TXT x ; twice\nb TXT z\n", {"@ 3600 TXT y"}, "@ TXT \"y\"\nb TXT z\n");
  check_below("s1._domainkey CNAME a.example.net.\n", {"s1._domainkey 3600 CNAME b.example.net"},
              "s1._domainkey CNAME b.example.net.\n");
  check_below("@ MX 10 mx\n", {"@ 3600 MX 0 ."}, "@ MX 0 .\n");
  check_below("@ TXT x\nb TXT \"\\252 y\" ; kept\n", {"@ 3600 TXT z"},
              "@ TXT \"z\"\nb TXT \"\\252 y\" ; kept\n");
}

TEST_CASE("what an unquoted semicolon hid is replaced with the value, a comment stays") {
  check_below("_dmarc TXT v=DMARC1; p=none\nb TXT x\n", {"_dmarc 3600 TXT v=DMARC1; p=reject"},
              "_dmarc TXT \"v=DMARC1; p=reject\"\nb TXT x\n");
  check_below("_dmarc TXT v=DMARC1; p=none", {"_dmarc 3600 TXT y"}, "_dmarc TXT \"y\"");
  check_below("a TXT x ;c\n", {"a 3600 TXT y"}, "a TXT \"y\" ;c\n");
}

TEST_CASE("a record of several lines is replaced as a whole") {
  check_below("a TXT ( \"one\" ; first\n  \"two\" ) ; end\nb TXT x\n", {"a 3600 TXT three"},
              "a TXT \"three\" ; end\nb TXT x\n");
  check_below("a TXT (\n  \"one\"\n)\n", {"a 3600 TXT two"}, "a TXT \"two\"\n");
  check_below("a ( IN\n TXT ) one ; c\nb TXT x\n", {"a 3600 TXT two"},
              "a IN TXT \"two\"\nb TXT x\n");
}

TEST_CASE("long text is cut on one line, or in rows where the file has them") {
  const std::string first(255, 'a');
  check_below("a TXT x\n", {"a 3600 TXT " + first + "bc"}, "a TXT \"" + first + "\" \"bc\"\n");
  check_below("a TXT ( \"x\"\n \"y\" )\n", {"a 3600 TXT " + first + "bc"},
              "a TXT ( \"" + first + "\"\n        \"bc\" )\n");
  check_below("a TXT x\nb TXT ( y\n )\n", {"a 3600 TXT " + first},
              "a TXT \"" + first + "\"\nb TXT ( y\n )\n");
}

TEST_CASE("new records are next to their siblings and look like them") {
  check_below("@ TXT a\nb TXT c\n", {"@ 3600 TXT a | v=spf1 -all"},
              "@ TXT a\n@ TXT \"v=spf1 -all\"\nb TXT c\n");
  check_below("@ A 192.0.2.1\n  TXT a\nb TXT c\n", {"@ 3600 TXT a | d"},
              "@ A 192.0.2.1\n  TXT a\n  TXT \"d\"\nb TXT c\n");
  check_below("www A 192.0.2.1\nb TXT c\n", {"www 3600 TXT x"},
              "www A 192.0.2.1\nwww TXT \"x\"\nb TXT c\n");
  check_below("s1._domainkey   IN  CNAME  a.\nb  IN  TXT  c\n", {"s2._domainkey 3600 TXT x"},
              "s1._domainkey   IN  CNAME  a.\ns2._domainkey   IN  TXT    \"x\"\nb  IN  TXT  c\n");
  check_below("www\t\tIN\tA\t192.0.2.1\n", {"_dmarc 3600 TXT x"},
              "www\t\tIN\tA\t192.0.2.1\n_dmarc\t\tIN\tTXT\t\"x\"\n");
  check_below("www\tIN\tA\t192.0.2.1\n", {"a-long-name 3600 TXT x"},
              "www\tIN\tA\t192.0.2.1\na-long-name\tIN\tTXT\t\"x\"\n");
  check_below("www     300 IN A 192.0.2.1\n", {"_dmarc 3600 TXT x"},
              "www     300 IN A 192.0.2.1\n_dmarc  3600 IN TXT \"x\"\n");
  check_below("www IN 300 A 192.0.2.1\n", {"_dmarc 60 TXT x"},
              "www IN 300 A 192.0.2.1\n_dmarc IN 60 TXT \"x\"\n");
  check_below("www A 192.0.2.1\n", {"_dmarc 300 TXT x"}, "www A 192.0.2.1\n_dmarc 300 TXT \"x\"\n");
  check_below("www A 192.0.2.1", {"_dmarc 3600 TXT x"}, "www A 192.0.2.1\n_dmarc TXT \"x\"\n");
  check_below("www A 192.0.2.1\n; end", {"_dmarc 3600 TXT x"},
              "www A 192.0.2.1\n; end\n_dmarc TXT \"x\"\n");
  check_below("", {"_dmarc 3600 TXT x"}, "_dmarc IN TXT \"x\"\n");
}

TEST_CASE("names are written as the file writes them, under the origin that holds") {
  check_edit(
      "$TTL 60\nexample.com. IN SOA ns. host. 1 2 3 4 5\n", {"_dmarc 60 TXT x"},
      "$TTL 60\nexample.com. IN SOA ns. host. 2 2 3 4 5\n_dmarc.example.com. IN TXT \"x\"\n");
  check_below("$ORIGIN sub.example.com.\nwww A 192.0.2.1\n", {"_dmarc 3600 TXT x"},
              "$ORIGIN sub.example.com.\nwww A 192.0.2.1\n_dmarc.example.com. TXT \"x\"\n");
  check_below("$ORIGIN sub\nwww A 192.0.2.1\n", {"www.sub 3600 TXT x", "new.sub 3600 TXT y"},
              "$ORIGIN sub\nwww A 192.0.2.1\nwww TXT \"x\"\nnew TXT \"y\"\n");
  check_below("$ORIGIN .\n$ORIGIN com.\nexample A 192.0.2.1\n", {"@ 3600 TXT x"},
              "$ORIGIN .\n$ORIGIN com.\nexample A 192.0.2.1\nexample TXT \"x\"\n");
  check_below("w A 192.0.2.1\n", {"\\$a.\\@ 3600 TXT x"},
              "w A 192.0.2.1\n\\036a.\\064 TXT \"x\"\n");
}

TEST_CASE("a removed line takes nothing else with it") {
  check_below("a TXT x\nb TXT y\n", {"a TXT"}, "b TXT y\n");
  check_below("a TXT x ; gone\n; stays\nb TXT ( y\n z )", {"a TXT", "b TXT"}, "; stays\n");
  check_below("www TXT x\n    A 192.0.2.1\n    AAAA ::1\n", {"www TXT"},
              "www A 192.0.2.1\n    AAAA ::1\n");
  check_below("www TXT x\n\tA 192.0.2.1\n", {"www TXT"}, "www\tA 192.0.2.1\n");
  check_below("www TXT x\n A 192.0.2.1\n", {"www TXT"}, "www A 192.0.2.1\n");
  check_below("@ TXT x\n$ORIGIN sub\n A 192.0.2.1\n", {"@ TXT"}, "$ORIGIN sub\n A 192.0.2.1\n");
  check_below("w TXT x\n$ORIGIN sub\n A 192.0.2.1\n", {"w TXT"},
              "$ORIGIN sub\nw.example.com. A 192.0.2.1\n");
}

TEST_CASE("a TTL alone") {
  check_below("a 300 TXT x ; c\n", {"a 60 TXT x"}, "a 60 TXT x ; c\n");
  check_below("a TXT x\na TXT y\n", {"a 60 TXT x | y"}, "a 60 TXT x\na 60 TXT y\n");
  check_below("a IN TXT x\n", {"a 60 TXT x"}, "a 60 IN TXT x\n");
  check_below("a IN 5m TXT x\n", {"a 3600 TXT x"}, "a IN 3600 TXT x\n");
  check_below("a TXT x\n", {"a 60 TXT y"}, "a 60 TXT \"y\"\n");
  check_below("a TXT x\n", {"a 60 TXT x | y"}, "a 60 TXT x\na 60 TXT \"y\"\n");
  check_below("a 60 TXT x\na 90 TXT y\n", {"a 60 TXT y"}, "a 60 TXT y\n");
  check_below("a 60 TXT x\na 90 TXT y\na TXT z\n", {"a 60 TXT x | y"}, "a 60 TXT x\na 90 TXT y\n");
}

TEST_CASE("without $TTL, what inherited a TTL keeps it") {
  const auto soa = [](int serial) {
    return "@ 900 IN SOA ns host " + std::to_string(serial) + " 2 3 4 5\n";
  };
  check_edit(soa(1) + "a 60 TXT x\nb TXT y\nc TXT z\n", {"a 30 TXT x"},
             soa(2) + "a 30 TXT x\nb 60 TXT y\nc TXT z\n");
  check_edit(soa(1) + "a 60 TXT x\nb TXT y\n", {"a TXT"}, soa(2) + "b 60 TXT y\n");
  check_edit(soa(1) + "a TXT x\nb TXT y\n", {"a 30 TXT x | w"},
             soa(2) + "a 30 TXT x\na TXT \"w\"\nb 900 TXT y\n");
  check_edit("@ IN SOA ns host 1 2 3 4 5\na TXT x\n", {"a 5 TXT y"},
             "@ IN SOA ns host 2 2 3 4 5\na TXT \"y\"\n");
}

TEST_CASE("a change of type is made in one place") {
  check_below("s1._domainkey CNAME a.b. ; old\nz TXT x\n",
              {"s1._domainkey CNAME", "s1._domainkey 3600 TXT p="},
              "s1._domainkey TXT \"p=\"\nz TXT x\n");
  check_below("s1._domainkey TXT p=\nz TXT x\n",
              {"s1._domainkey TXT", "s1._domainkey 3600 CNAME a.b"},
              "s1._domainkey CNAME a.b.\nz TXT x\n");
}

TEST_CASE("the serial moves in every layout of the SOA") {
  check_edit("@ 60 SOA ns host (\n\t2026112101 ; serial\n\t1h 2h 3h 4h )\na TXT x\r\n", {"a TXT"},
             "@ 60 SOA ns host (\n\t2026112102 ; serial\n\t1h 2h 3h 4h )\n");
  check_edit("@ 60 SOA ( ns\n host\n 9 1 1\n 1 1\n)\na TXT x\n", {"a TXT"},
             "@ 60 SOA ( ns\n host\n 10 1 1\n 1 1\n)\n");
  check_edit("a 60 TXT x\n@ SOA ns host 2025010199 1 1 1 1", {"a 60 TXT y"},
             "a 60 TXT \"y\"\n@ SOA ns host 2026112101 1 1 1 1");
}

TEST_CASE("CRLF files stay CRLF files") {
  check_edit("$TTL 60\r\n@ SOA ns host 1 2 3 4 5\r\na TXT x ; c\r\n",
             {"a 60 TXT y | z", "b 60 TXT w"},
             "$TTL 60\r\n@ SOA ns host 2 2 3 4 5\r\na TXT \"y\" ; c\r\na TXT \"z\"\r\n"
             "b TXT \"w\"\r\n");
}

TEST_CASE("what cannot be done is refused") {
  const std::string text = kHead + "a CNAME b\n";
  check_refused(text, {"a 60 TXT x"}, "has a CNAME");
  check_refused(text, {"c 60 TXT x", "c 60 CNAME d"}, "has a CNAME");
  check_refused(text, {"c TXT", "c TXT"}, "edited twice");
  check_refused(text, {"@ SOA"}, "cannot be edited");
  check_refused(text, {"c 60 A nonsense"}, "not an IPv4 address");
  const ZoneEdit process{{Name::literal("example.org"), RecordType::TXT}, {}};
  const auto edited =
      rampart::edit_zone_file(*rampart::parse_zone_file(kApex, text), {&process, 1}, kToday);
  REQUIRE_FALSE(edited.ok());
  CHECK_THAT(edited.error().what, Catch::Contains("outside the zone"));
}
