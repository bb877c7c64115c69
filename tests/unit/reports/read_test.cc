/// Reading reports: both generations, what is seen in the wild, and what must be refused.
#include "reports/parse/read.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "reports/parse/parse_values.h"

namespace rampart::reports {
namespace {
using enum AuthResult;
const std::string kHead =
    "<report_metadata><org_name>Example Mail</org_name><email>dmarc@reporter.example</email>"
    "<report_id>r1</report_id><date_range><begin>1700000000</begin><end>1700086399</end>"
    "</date_range></report_metadata>";
const std::string kPolicy =
    "<policy_published><domain>example.com</domain><adkim>r</adkim><aspf>r</aspf><p>none</p>"
    "<sp>none</sp><pct>100</pct></policy_published>";

std::string row(const std::string& ip = "192.0.2.1", const std::string& count = "3") {
  return "<row><source_ip>" + ip + "</source_ip><count>" + count +
         "</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim>"
         "<spf>fail</spf></policy_evaluated></row>";
}
const std::string kWho = "<identifiers><header_from>example.com</header_from></identifiers>";
const std::string kAuth =
    "<auth_results><dkim><domain>example.com</domain><selector>s1</selector><result>pass</result>"
    "</dkim><spf><domain>bounce.example</domain><result>pass</result></spf></auth_results>";
const std::string kRecord = "<record>" + row() + kWho + kAuth + "</record>";

std::string report(const std::string& inside) { return "<feedback>" + inside + "</feedback>"; }
const std::string kReport = report(kHead + kPolicy + kRecord);

std::string in_record(const std::string& inside) {
  return report(kHead + kPolicy + "<record>" + inside + "</record>");
}
std::string with_auth(const std::string& results) {
  return in_record(row() + kWho + "<auth_results>" + results + "</auth_results>");
}
std::string with_dates(const std::string& begin, const std::string& end) {
  return report(
      "<report_metadata><org_name>o</org_name><report_id>r</report_id><date_range><begin>" + begin +
      "</begin><end>" + end + "</end></date_range></report_metadata>" + kPolicy + kRecord);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  return at == text.npos ? "cannot replace " + from : text.replace(at, from.size(), to);
}

std::string utf16(const std::string& text, bool little) {
  std::string out;
  for (const char c : text) out += little ? std::string{c, 0} : std::string{0, c};
  return out;
}

struct Read {
  std::vector<Header> headers;
  std::vector<RecordResults> results;
  std::int64_t messages = 0;
  std::string error;
};

Read read(const std::string& octets, std::size_t piece,
          std::shared_ptr<RecordCache> cache = nullptr) {
  Read read;
  Reader reader({[&](const Header&, std::span<const Row> rows) -> Result<Ok> {
                   for (const Row& one : rows) {
                     read.results.push_back(*one.results);
                     read.messages += one.count;
                   }
                   return Ok{};
                 },
                 [&](const Header& header) -> Result<Ok> {
                   read.headers.push_back(header);
                   return Ok{};
                 }},
                std::move(cache));
  Result<Ok> done = Ok{};
  for (std::size_t at = 0; at < octets.size() && done; at += piece) {
    done = reader.feed(std::string_view(octets).substr(at, piece));
  }
  if (done) done = reader.finish();
  if (!done) read.error = sentence(done.error());
  return read;
}

/// "N reports, N rows, N messages", or "!" and the complaint.
std::string summary(const Read& read) {
  if (!read.error.empty()) return "!" + read.error;
  return fmt::format("{} {} {}", read.headers.size(), read.results.size(), read.messages);
}

struct Case {
  std::string story;
  std::string octets;
  std::string expected;  ///< "reports rows messages", or "!" and a part of the complaint.
};

/// In one piece and in many; with shapes of its own, and with those of all cases before.
void check(const std::vector<Case>& cases) {
  const auto cache = std::make_shared<RecordCache>();
  for (const Case& one : cases) {
    const Read alone = read(one.octets, one.octets.size() + 1);
    for (const std::size_t piece : {one.octets.size() + 1, std::size_t{1}, std::size_t{7}}) {
      const Read shared = read(one.octets, piece, cache);
      CHECK(alone.results == shared.results);
      const std::string got = summary(shared);
      INFO(one.story << ", by " << piece << ": " << got);
      if (one.expected.starts_with('!')) {
        CHECK(got.find(one.expected.substr(1)) != got.npos);
        CHECK(got.starts_with('!'));
      } else {
        CHECK(got == one.expected);
      }
    }
  }
}

TEST_CASE("encodings and what is around the report") {
  const std::string latin = replaced(kReport, "Example Mail", "Soci\xE9t\xE9");
  check({
      {"plain", kReport, "1 1 3"},
      {"declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + kReport, "1 1 3"},
      {"byte order mark", "\xEF\xBB\xBF" + kReport, "1 1 3"},
      {"mark and declaration", "\xEF\xBB\xBF<?xml version='1.0'?>" + kReport, "1 1 3"},
      {"leading newline", "\n\r\n <?xml version=\"1.0\"?>" + kReport, "1 1 3"},
      {"UTF-16 little", "\xFF\xFE" + utf16(kReport, true), "1 1 3"},
      {"UTF-16 big", "\xFE\xFF" + utf16(kReport, false), "1 1 3"},
      {"UTF-16 little, no mark", utf16(kReport, true), "1 1 3"},
      {"UTF-16 big, no mark", utf16(kReport, false), "1 1 3"},
      {"UTF-16 declared, UTF-8 written", "<?xml version='1.0' encoding='utf-16'?>" + kReport,
       "1 1 3"},
      {"unknown encoding declared", "<?xml version='1.0' encoding='klingon'?>" + kReport, "1 1 3"},
      {"Latin-1 declared", "<?xml version='1.0' encoding='ISO-8859-1'?>" + latin, "1 1 3"},
      {"Latin-1 undeclared", latin, "1 1 3"},
      {"Latin-1 in a UTF-8 document", "<?xml version='1.0' encoding='utf-8'?>" + latin, "1 1 3"},
      {"control characters", replaced(kReport, "Example", std::string("E\0\x01\x08x", 5)), "1 1 3"},
      {"comments",
       "<!-- a < b & c --><feedback><!-- </feedback> -->" + kHead + kPolicy + kRecord +
           "</feedback><!-- end -->",
       "1 1 3"},
      {"instructions", "<?xml-stylesheet href='x'?>" + kReport + "<?end?>", "1 1 3"},
      {"trailing zeros", kReport + std::string(100, '\0'), "1 1 3"},
      {"trailing junk", kReport + "\n-- \nsent by a script <b>", "1 1 3"},
      {"two reports", kReport + "\n<?xml version='1.0'?>\n" + kReport, "2 2 6"},
      {"Windows lines", replaced(kReport, "><", ">\r\n<"), "1 1 3"},
      {"a schema around it", "<xs:schema xmlns:xs='http://x'>" + kReport + "</xs:schema>", "1 1 3"},
      {"a schema within", replaced(kReport, "<feedback>", "<feedback><xs:schema a='b'>"), "1 1 3"},
      {"last mark missing", kReport.substr(0, kReport.size() - 1), "1 1 3"},
      {"last mark missing, newline", kReport.substr(0, kReport.size() - 1) + "\r\n", "1 1 3"},
  });
}

TEST_CASE("namespaces, attributes and foreign elements") {
  const std::string prefixed = [] {
    std::string text;
    for (std::size_t at = 0; at < kReport.size(); ++at) {
      text += kReport[at];
      if (kReport[at] == '<' && kReport[at + 1] != '/') text += "d:";
      if (kReport[at] == '/' && kReport[at - 1] == '<') text += "d:";
    }
    return text;
  }();
  const auto rooted = [](const std::string& root) { return replaced(kReport, "<feedback>", root); };
  check({
      {"RFC 7489", rooted("<feedback xmlns=\"http://dmarc.org/dmarc-xml/0.1\">"), "1 1 3"},
      {"wrong", rooted("<feedback xmlns=\"http//dmarc.org/dmarc-xml/0.1\">"), "1 1 3"},
      {"RFC 9990", rooted("<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">"), "1 1 3"},
      {"schema location",
       rooted("<feedback xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
              "xsi:schemaLocation='a b'>"),
       "1 1 3"},
      {"prefixed", replaced(prefixed, "<d:feedback>", "<d:feedback xmlns:d='urn:x'>"), "1 1 3"},
      {"prefix never bound", prefixed, "1 1 3"},
      {"prefixed, last mark missing", prefixed.substr(0, prefixed.size() - 1), "1 1 3"},
      {"language", replaced(kReport, "<org_name>", "<org_name lang='en'>"), "1 1 3"},
      {"extension",
       report(kHead + kPolicy +
              "<extension><record><count>-1</count></record>"
              "</extension>" +
              kRecord),
       "1 1 3"},
      {"foreign results", with_auth("<x:dkim xmlns:x='urn:x'><x:result>pass</x:result></x:dkim>"),
       "1 1 3"},
      {"unknown elements", in_record(row() + "<future><row/></future>" + kWho + kAuth), "1 1 3"},
      {"self-closing", with_auth("<dkim/><spf/>"), "1 1 3"},
      {"other root", "<html><body>no</body></html>", "!the root element is html"},
      {"soap", "<soap:Envelope xmlns:soap='x'>" + kReport + "</soap:Envelope>",
       "!the root element is Envelope"},
  });
}

TEST_CASE("deviations of reporters") {
  check({
      {"identities",
       replaced(replaced(kReport, "<identifiers>", "<identities>"), "</identifiers>",
                "</identities>"),
       "1 1 3"},
      {"no version", kReport, "1 1 3"},
      {"version", report("<version>1.0</version>" + kHead + kPolicy + kRecord), "1 1 3"},
      {"no adkim", replaced(kReport, "<adkim>r</adkim><aspf>r</aspf>", ""), "1 1 3"},
      {"empty sp", replaced(kReport, "<sp>none</sp>", "<sp></sp>"), "1 1 3"},
      {"sp nil", replaced(kReport, "<sp>none</sp>", "<sp>nil</sp>"), "1 1 3"},
      {"pct of words", replaced(kReport, "<pct>100</pct>", "<pct>all</pct>"), "1 1 3"},
      {"empty dkim", with_auth("<dkim><domain></domain><result></result></dkim>"), "1 1 3"},
      {"six signatures",
       with_auth("<dkim><domain>a.example</domain><result>pass</result></dkim>"
                 "<dkim><domain>b.example</domain><result>fail</result></dkim>"
                 "<spf><domain>a</domain></spf><spf><domain>b</domain></spf>"),
       "1 1 3"},
      {"no auth_results", in_record(row() + kWho), "1 1 3"},
      {"no identifiers", in_record(row() + kAuth), "1 1 3"},
      {"no policy_evaluated",
       in_record("<row><source_ip>192.0.2.1</source_ip><count>3</count></row>" + kWho + kAuth),
       "1 1 3"},
      {"no email",
       report(replaced(kHead, "<email>dmarc@reporter.example</email>", "") + kPolicy + kRecord),
       "1 1 3"},
      {"stray mark in the address",
       report(replaced(kHead, "dmarc@reporter.example", "DMARC <dmarc@reporter.example>") +
              kPolicy + kRecord),
       "1 1 3"},
      {"less than",
       report(replaced(kHead, "Example Mail", "a < b & c &unknown; d") + kPolicy + kRecord),
       "1 1 3"},
      {"character data",
       report(replaced(kHead, "Example Mail", "<![CDATA[a <b> & c]]>") + kPolicy + kRecord),
       "1 1 3"},
      {"blanks around values", in_record(row(" 192.0.2.1\n", " 3 ") + kWho + kAuth), "1 1 3"},
      {"IPv6", in_record(row("2001:DB8::1") + kWho + kAuth), "1 1 3"},
      {"mapped IPv6", in_record(row("::ffff:192.0.2.1") + kWho + kAuth), "1 1 3"},
      {"policy behind the records", report(kHead + kRecord + kPolicy), "1 1 3"},
      {"span of nothing", with_dates("1700000000", "1700000000"), "1 1 3"},
      {"milliseconds", with_dates("1700000000000", "1700086399000"), "1 1 3"},
      {"microseconds", with_dates("1700000000000000", "1700086399000000"), "1 1 3"},
      {"decimals", with_dates("1700000000.0", "1700086399.25"), "1 1 3"},
      {"ISO", with_dates("2023-11-14T22:13:20Z", "2023-11-15T22:13:19+00:00"), "1 1 3"},
      {"ISO without T", with_dates("2023-11-14 22:13:20", "2023-11-15 22:13:19"), "1 1 3"},
      {"ISO days", with_dates("2023-11-14", "2023-11-15"), "1 1 3"},
      {"many records",
       report(kHead + kPolicy +
              [] {
                std::string records;
                for (int i = 0; i < 2500; ++i) records += kRecord;
                return records;
              }()),
       "1 2500 7500"},
  });
}

TEST_CASE("counts") {
  const auto counted = [](const std::string& count) {
    return in_record(row("192.0.2.1", count) + kWho + kAuth);
  };
  check({
      {"1.0", counted("1.0"), "1 1 1"},
      {"+5", counted("+5"), "1 1 5"},
      {"zero", counted("0"), "1 1 0"},
      {"leading zeros", counted("0012"), "1 1 12"},
      {"largest", counted("1000000000000"), "1 1 1000000000000"},
      {"negative", counted("-5"), "!not a count"},
      {"half a message", counted("1.5"), "!not a count"},
      {"empty", counted(""), "!not a count"},
      {"words", counted("many"), "!not a count"},
      {"exponent", counted("1e3"), "!not a count"},
      {"hexadecimal", counted("0x10"), "!not a count"},
      {"absurd", counted("1000000000001"), "!not a count"},
      {"2^63", counted("9223372036854775808"), "!not a count"},
      {"2^64 + 1", counted("18446744073709551617"), "!not a count"},
      {"hundred digits", counted(std::string(100, '9')), "!not a count"},
      {"none", in_record("<row><source_ip>192.0.2.1</source_ip></row>" + kWho), "!no count"},
      {"two",
       in_record("<row><source_ip>192.0.2.1</source_ip><count>1</count><count>2</count>"
                 "</row>"),
       "!two counts"},
  });
}

TEST_CASE("what is cut, incomplete or hostile is refused") {
  const auto cut = [](const std::string& at) { return kReport.substr(0, kReport.find(at)); };
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  check({
      {"nothing", "", "!no XML element"},
      {"blanks", " \n ", "!no XML element"},
      {"a word", "unused", "!text before"},
      {"cut in a record", cut("<count>"), "!truncated"},
      {"cut in a tag", cut("rce_ip>"), "!truncated"},
      {"cut in a number", cut("3</count>"), "!truncated"},
      {"cut between records", cut("</feedback>"), "!truncated"},
      {"cut before the root's end", kReport.substr(0, kReport.size() - 5), "!truncated"},
      {"cut in a comment", report(kHead + "<!-- "), "!truncated"},
      {"cut in character data", "<feedback><![CDATA[ ", "!truncated"},
      {"no record", report(kHead + kPolicy), "!no records"},
      {"no metadata", report(kPolicy + kRecord), "!neither org_name nor email"},
      {"no id", report(replaced(kHead, "r1", "") + kPolicy + kRecord), "!no report_id"},
      {"no dates", report(replaced(kHead, "<begin>1700000000</begin>", "") + kPolicy + kRecord),
       "!no date_range"},
      {"date of words", with_dates("yesterday", "today"), "!not a date"},
      {"negative date", with_dates("-1", "1700000000"), "!not a date"},
      {"year 1970", with_dates("1", "2"), "1 1 3"},
      {"year 2200", with_dates("7258118400", "7258118401"), "!not a date"},
      {"year 33658", with_dates("999999999999", "99999999999999999999"), "!not a date"},
      {"thirteenth month", with_dates("2023-13-01", "2023-13-02"), "!not a date"},
      {"25 o'clock", with_dates("2023-11-14T25:00:00Z", "2023-11-15"), "!not a date"},
      {"ends before it begins", with_dates("1700086399", "1700000000"), "!ends before"},
      {"no policy", report(kHead + kRecord), "!names no domain"},
      {"no domain", report(kHead + replaced(kPolicy, "example.com", "") + kRecord),
       "!names no domain"},
      {"no such domain", report(kHead + replaced(kPolicy, "example.com", "exa..mple") + kRecord),
       "!is not a domain"},
      {"two policies", report(kHead + kPolicy + kPolicy + kRecord), "!two policy_published"},
      {"no address", in_record("<row><count>1</count></row>"), "!no source_ip"},
      {"address of words", in_record(row("localhost")), "!not an IP address"},
      {"address with a mask", in_record(row("192.0.2.0/24")), "!not an IP address"},
      {"octal address", in_record(row("192.0.02.1")), "!not an IP address"},
      {"two addresses",
       in_record("<row><source_ip>192.0.2.1</source_ip>"
                 "<source_ip>192.0.2.2</source_ip><count>1</count></row>"),
       "!two source_ip"},
      {"one bad record of three",
       report(kHead + kPolicy + kRecord + "<record>" + row("192.0.2.1", "-1") + "</record>" +
              kRecord),
       "!record 2: "},
      {"crossed tags", report(kHead + "<a><b></a></b>" + kPolicy + kRecord), "!not well-formed"},
      {"document type", "<!DOCTYPE feedback SYSTEM \"file:///etc/passwd\">" + kReport,
       "!document type"},
      {"external entity",
       "<!DOCTYPE f [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" +
           replaced(kReport, "Example Mail", "&x;"),
       "!document type"},
      {"a billion laughs",
       "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol \"lol\">"
       "<!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]>" +
           kReport,
       "!document type"},
      {"declaration within", replaced(kReport, "<record>", "<!ENTITY a 'b'><record>"),
       "!document type"},
      {"nested deep", report(deep), "!nested more than 100 deep"},
      {"nested root", report(kReport), "!"},
      {"malformed first tag", "<1feedback>", "!malformed"},
      {"second report cut", kReport + kReport.substr(0, 300), "!truncated"},
  });
}

TEST_CASE("values are taken whole and by their aliases") {
  const Read got = read(
      report(
          replaced(replaced(kHead, "Example Mail", "x &amp; y &lt;z&gt; &#233; \xE9"), "r1",
                   "<![CDATA[<r&1>]]>") +
          replaced(kPolicy, "<adkim>r</adkim>",
                   "<adkim>S</adkim><np>reject</np><testing>y"
                   "</testing>") +
          "<record>" +
          replaced(row(), "<spf>fail</spf>",
                   "<spf></spf><reason><type>Forwarded</type><comment>a &amp; b <c@d> e</comment>"
                   "</reason><reason><type></type></reason>") +
          "<identifiers><envelope_to>B.Example.</envelope_to><header_from>EXAMPLE.com."
          "</header_from></identifiers><auth_results><dkim><domain>Example.COM</domain>"
          "<selector>S1</selector><result>PASS</result></dkim><dkim><domain>b.example</domain>"
          "<result>hardfail</result></dkim><spf><domain>c.example</domain><scope>HELO</scope>"
          "<result>unknown</result></spf></auth_results></record>"),
      5);
  REQUIRE(got.error.empty());
  const Header& header = got.headers.at(0);
  CHECK(header.org == "x & y <z> \xC3\xA9 \xC3\xA9");
  CHECK(header.id == "<r&1>");
  CHECK(header.adkim == dmarc::Alignment::Strict);
  CHECK(header.np == dmarc::Policy::Reject);
  CHECK(header.testing == true);
  CHECK(header.pct == 100);
  const RecordResults& one = got.results.at(0);
  CHECK(one.overrides == std::vector<Override>{{"forwarded", "a & b <c@d> e"}, {"", ""}});
  CHECK(one.header_from == "example.com");
  CHECK(one.envelope_to == "b.example");
  CHECK(one.spf_evaluated == PolicyEvaluated::Absent);
  CHECK(one.dkim == std::vector<DkimAuth>{{"example.com", "s1", Pass}, {"b.example", "", Fail}});
  CHECK(one.spf == std::vector<SpfAuth>{{"c.example", true, PermError}});
}

TEST_CASE("result words") {
  const std::vector<std::pair<std::string, AuthResult>> words = {
      {"", None},           {"none", None},           {"Neutral", Neutral},
      {"pass", Pass},       {"PASS", Pass},           {"fail", Fail},
      {"hardfail", Fail},   {"softfail", SoftFail},   {"policy", Policy},
      {"error", TempError}, {"temperror", TempError}, {"unknown", PermError},
      {"15", Other},        {"permerror", PermError}, {"invalid", PermError}};
  for (const auto& [word, raw] : words) {
    INFO(word);
    CHECK(parse_auth_result(word) == raw);
  }
  CHECK(parse_disposition("15") == Disposition::Other);
  CHECK(parse_disposition("pass") == Disposition::Pass);
  CHECK(parse_disposition("") == Disposition::Absent);
}

}  // namespace
}  // namespace rampart::reports
