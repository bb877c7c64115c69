// TXT: cutting, quoting and every form in which hosts give it back.
#include "dns/txt.h"

#include <catch2/catch.hpp>

#include "dns/answers.h"
#include "dns/rdata.h"

namespace {

void check_read(std::string_view text, std::string_view joined) {
  CAPTURE(text);
  const auto read = rampart::unquote_txt(text);
  REQUIRE(read.ok());
  CHECK(*read == joined);
}

void check_bad(std::string_view text, std::string_view why) {
  CAPTURE(text);
  const auto read = rampart::unquote_txt(text);
  REQUIRE_FALSE(read.ok());
  CHECK_THAT(read.error().what, Catch::Contains(std::string(why)));
}

void check_round_trip(const std::string& joined) {
  CAPTURE(joined);
  const std::string text = rampart::quote_txt(joined);
  CHECK(text.find_first_not_of(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                               "abcdefghijklmnopqrstuvwxyz{|}~") == std::string::npos);
  check_read(text, joined);
  std::string together;
  for (const std::string& string : rampart::cut_txt(joined)) {
    CHECK(string.size() <= 255);
    together += string;
  }
  CHECK(together == joined);
}

void check_data(std::string_view type, std::string_view text, std::string_view value) {
  CAPTURE(type, text);
  const auto record_type = rampart::parse_record_type(type).value();
  const auto read = rampart::canonical_rdata(record_type, text);
  REQUIRE(read.ok());
  CHECK(*read == value);
  const auto again =
      rampart::canonical_rdata(record_type, rampart::print_rdata(record_type, *read));
  REQUIRE(again.ok());
  CHECK(*again == value);
}

void check_bad_data(std::string_view type, std::string_view text, std::string_view why) {
  CAPTURE(type, text);
  const auto read = rampart::canonical_rdata(rampart::parse_record_type(type).value(), text);
  REQUIRE_FALSE(read.ok());
  CHECK_THAT(read.error().what, Catch::Contains(std::string(why)));
}

}  // namespace

TEST_CASE("TXT of every length survives, cut at 255") {
  for (std::size_t length = 0; length <= 766; ++length) {
    const std::string joined(length, 'x');
    const std::vector<std::string> strings = rampart::cut_txt(joined);
    CHECK(strings.size() == (length == 0 ? 1 : (length + 254) / 255));
    check_round_trip(joined);
  }
  for (const std::size_t length : {2048U, 2049U, 4000U, 65279U}) {
    check_round_trip(std::string(length, 'y'));
  }
}

TEST_CASE("TXT of every character survives, also at the edge of a string") {
  const std::vector<std::string> pieces = {
      "'",       "`",           "\"",   "\"\"",     "a\"b",   "\"left",   "right\"", "\"all\"",
      "a\" \"b", ";",           " ; ",  "\\;",      "end;",   " lead",    "trail ",  "a  b",
      " ",       "\t",          "\\",   "\\\\",     "\\\\\\", "\\\\\\\\", "end\\",   "\\065",
      "ü",       "v=spf1 –all", "%{i}", "(",        ")",      "#",        "{}",      "dot.",
      "12345",   "\x01",        "\x7f", "\xff\xfe", "\r\n",   "$ORIGIN",  "@",       "\\"};
  for (const std::string& piece : pieces) {
    check_round_trip(piece);
    for (const std::size_t before : {253U, 254U, 255U, 256U, 508U, 509U, 510U}) {
      check_round_trip(std::string(before, 'a') + piece + "z");
    }
  }
  for (int octet = 0; octet < 256; ++octet) {
    check_round_trip(std::string(1, static_cast<char>(octet)));
    check_round_trip(std::string("\\") + static_cast<char>(octet) + "1");
  }
}

TEST_CASE("the quoted form is exact") {
  CHECK(rampart::quote_txt("") == R"("")");
  CHECK(rampart::quote_txt("v=spf1 -all") == R"("v=spf1 -all")");
  CHECK(rampart::quote_txt("a\"b\\c") == R"("a\"b\\c")");
  CHECK(rampart::quote_txt("\xC3\xBC\t") == R"("\195\188\009")");
  CHECK(rampart::quote_txt(std::string(256, 'a')) == "\"" + std::string(255, 'a') + "\" \"a\"");
}

TEST_CASE("the forms of the hosts' programming interfaces") {
  check_read("", "");
  check_read(R"("")", "");
  check_read("foo", "foo");
  check_read(R"("foo")", "foo");
  check_read("foo bar", "foo bar");
  check_read(R"("a" "b")", "ab");
  check_read(R"("a""b")", "ab");
  check_read(R"("a"	"b" )", "ab");
  check_read(R"( "a")", "a");
  check_read(R"("q1\x")", "q1x");
  check_read(R"("\195\182")", "ö");
  check_read(R"("v=DMARC1\; p=none")", "v=DMARC1; p=none");
  check_read(R"(v=DMARC1; p=none)", "v=DMARC1; p=none");
  check_read(R"(v=DMARC1\; p=none)", "v=DMARC1; p=none");
  check_read(R"("" "")", "");
  check_read(R"(a"b)", "a\"b");
  check_read(R"("a\"b")", "a\"b");
  check_bad(R"(")", "never closed");
  check_bad(R"("a)", "never closed");
  check_bad(R"("a\")", "never closed");
  check_bad(R"("a" b)", "unquoted text at character 5");
  check_bad(R"("a"b)", "unquoted text at character 4");
  check_bad(R"("\3")", "bad escape at character 2");
  check_bad(R"("\303")", "bad escape");
  check_bad(R"(a\)", "bad escape");
  check_bad(R"("\12")", "bad escape");
}

TEST_CASE("what is shown cannot move the cursor or reorder the line") {
  using rampart::printable;
  CHECK(printable("v=spf1 -all") == "v=spf1 -all");
  CHECK(printable("ü 例 \\") == "ü 例 \\");
  CHECK(printable("a\x1b[31m\r\n") == "a\\027[31m\\013\\010");
  CHECK(printable("\xff") == "\\255");
  CHECK(printable("\xC2\x9B") == "\\194\\155");
  CHECK(printable("a\u202Eb") == "a\\226\\128\\174b");
  CHECK(printable("\u200B\uFEFF") == "\\226\\128\\139\\239\\187\\191");
  CHECK(printable("a ##[error]b ###[c ##") == "a #\\035[error]b ##\\035[c ##");
  CHECK(printable("\xED\xA0\x80") == "\\237\\160\\128");
}

TEST_CASE("data in canonical spelling") {
  check_data("A", "192.0.2.1", "192.0.2.1");
  check_data("AAAA", "2001:DB8:0:0::1", "2001:db8::1");
  check_data("MX", "010 MX.Example.COM.", "10 mx.example.com");
  check_data("MX", "0 .", "0 .");
  check_data("CNAME", "Target.example.net.", "target.example.net");
  check_data("SRV", "0 5 5060 Sip.example.", "0 5 5060 sip.example");
  check_data("CAA", "0 ISSUE \"ca.example; x=1\"", "0 issue \"ca.example; x=1\"");
  check_data("CAA", "0 issue ca.example", "0 issue \"ca.example\"");
  check_data("TLSA", "3 1 1 ABCD ef01", "3 1 1 abcdef01");
  check_data("SOA", "ns. Host.x. 1 1h 15m 2w 1d", "ns host.x 1 3600 900 1209600 86400");
  check_data("NAPTR", R"(100 10 "U" "E2U+sip" "!^.*$!sip:a@b!" .)",
             R"(100 10 "U" "E2U+sip" "!^.*$!sip:a@b!" .)");
  check_data("HTTPS", R"(1 . alpn="h2,h3" port=8443)", R"(1 . alpn="h2,h3" port=8443)");
  check_data("TYPE65280", R"(\# 4 0A000001)", R"(\# 4 0A000001)");
  check_data("HINFO", R"("PC" Linux)", R"("PC" Linux)");
  check_data("TXT", R"("a" b "c")", "abc");
  check_data("TXT", R"(\# 4 03616263)", "abc");
  check_data("TXT", R"(\# 7 036162 63 02 64 65)", "abcde");
  check_data("TXT", R"(v=DMARC1; p=none)", "v=DMARC1");
}

TEST_CASE("data that is malformed") {
  check_bad_data("A", "192.0.2", "not an IPv4 address");
  check_bad_data("A", "192.0.2.1 x", "continues after");
  check_bad_data("AAAA", "2001::db8::1", "not an IPv6 address");
  check_bad_data("MX", "mx.example.com.", "not a number");
  check_bad_data("MX", "10", "incomplete");
  check_bad_data("CNAME", "\"a.example.\"", "in quotes");
  check_bad_data("CNAME", "a..b.", "an empty label");
  check_bad_data("TXT", "", "not one line");
  check_bad_data("TXT", "\"" + std::string(256, 'a') + "\"", "at most 255 fit");
  check_bad_data("TXT", R"(\# 4 036162)", "malformed");
  check_bad_data("TXT", R"(\# 2 0361)", "incomplete");
  check_bad_data("TXT", R"(\# 0)", "malformed");
  check_bad_data("TXT", R"("a\256")", "bad escape");
  check_bad_data("CAA", R"(0 "a;b" x)", "a tag of letters and digits");
  check_bad_data("SOA", "a. b. 1 2 3 4", "incomplete");
  check_bad_data("SOA", "a. b. 1 2x 3 4 5", "not a period");
}

TEST_CASE("periods of time") {
  using rampart::read_period;
  CHECK(read_period("0") == 0U);
  CHECK(read_period("3600") == 3600U);
  CHECK(read_period("1h30m") == 5400U);
  CHECK(read_period("1W2D3H4M5S") == 788645U);
  CHECK(read_period("4294967295") == 4294967295U);
  for (const std::string_view bad : {"", "h", "1h30", "1x", "-1", "4294967296", "8000w", "1 h"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_period(bad));
  }
}

TEST_CASE("answers are found by name and type, and know when they are void") {
  using rampart::AnswerStatus;
  using rampart::Name;
  using rampart::RecordType;
  const Name name = Name::literal("example.com");
  const rampart::Answers answers = {
      {{name, RecordType::TXT},
       {.status = AnswerStatus::NxDomain, .values = {}, .cnames = {}, .detail = {}}}};
  const rampart::Answer* found = rampart::find_answer(answers, name, RecordType::TXT);
  REQUIRE(found != nullptr);
  CHECK(is_void(*found));
  CHECK(rampart::find_answer(answers, name, RecordType::A) == nullptr);
  rampart::Answer answer = *found;
  for (const auto& [status, expected] :
       std::vector<std::pair<AnswerStatus, bool>>{{AnswerStatus::Data, false},
                                                  {AnswerStatus::NoData, true},
                                                  {AnswerStatus::Failed, false}}) {
    answer.status = status;
    CHECK(is_void(answer) == expected);
  }
}
