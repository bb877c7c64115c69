/// DMARC records: strict and lenient reading, meaning, and which way a change moves enforcement.
#include "mail/dmarc/dmarc.h"

#include <catch2/catch.hpp>

namespace rampart::dmarc {
namespace {

struct Row {
  std::string text;
  std::string strict;   // What parse prints again, or "!" and a part of its complaint.
  std::string lenient;  // The same for parse_lenient; "=" where both agree.
};

void agrees(const std::string& expected, bool ok, const std::string& printed,
            const std::string& complaint) {
  if (!expected.starts_with('!')) {
    CHECK(printed == expected);
    return;
  }
  CHECK_FALSE(ok);
  INFO(complaint);
  CHECK(complaint.find(expected.substr(1)) != std::string::npos);
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.text);
    const auto strict = parse(row.text);
    agrees(row.strict, strict.ok(), strict ? print(*strict) : "",
           strict ? "" : strict.error().what);
    const auto lenient = parse_lenient(row.text);
    agrees(row.lenient == "=" ? row.strict : row.lenient, lenient.ok(),
           lenient ? print(lenient->record) : "", lenient ? "" : lenient.error().what);
  }
}

TEST_CASE("good DMARC records are read alike by both readers") {
  check({
      {"v=DMARC1; p=none", "v=DMARC1; p=none", "="},
      {"v=DMARC1;p=reject;", "v=DMARC1; p=reject", "="},
      {"v=DMARC1; p=reject; ", "v=DMARC1; p=reject", "="},
      {"v=DMARC1 ;  p = reject  ; pct = 100  ", "v=DMARC1; p=reject; pct=100", "="},
      {"v=DMARC1; p=Reject; adkim=S; t=Y", "v=DMARC1; p=reject; adkim=s; t=y", "="},
      {"v=DMARC1; rua=mailto:a@b.example; p=none", "v=DMARC1; p=none; rua=mailto:a@b.example", "="},
      {"v=DMARC1; psd=n; ruf=mailto:f@x.example; rua=mailto:a@x.example, https://r.example/in;"
       "fo=1:d:s; pct=5; t=y; aspf=s; adkim=r; np=reject; sp=quarantine; p=none",
       "v=DMARC1; p=none; sp=quarantine; np=reject; adkim=r; aspf=s; t=y; pct=5; fo=1:d:s; "
       "rua=mailto:a@x.example,https://r.example/in; ruf=mailto:f@x.example; psd=n",
       "="},
      {"v=DMARC1; p=none; rf=afrf; ri=86400; xyz=foo bar",
       "v=DMARC1; p=none; rf=afrf; ri=86400; xyz=foo bar", "="},
      {"v=DMARC1; p=none; rua=mailto:a@b.example!10m",
       "v=DMARC1; p=none; rua=mailto:a@b.example!10m", "="},
      {"v=DMARC1; p=none; pct=0", "v=DMARC1; p=none; pct=0", "="},
      {"v=DMARC1; p=none; fo=0", "v=DMARC1; p=none; fo=0", "="},
      {"v=DMARC1; p=none; fo=d:s", "v=DMARC1; p=none; fo=d:s", "="},
  });
}

TEST_CASE("slips that receivers forgive and we do not publish") {
  check({
      {"v\t=\tDMARC1 ; p=reject", "!without blanks", "v=DMARC1; p=reject"},
      {"V=DMARC1; p=reject", "!in lower case", "v=DMARC1; p=reject"},
      {"v=DMARC1; P=reject", "!lower case", "v=DMARC1; p=reject"},
      {"v=DMARC1;; p=reject", "!empty", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; pct", "!no `=`", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=none; rf:afrf; ri=1", "!no `=`", "v=DMARC1; p=none; ri=1"},
      {"v=DMARC1; p=reject; p=none", "!twice", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; pct=110", "!0 to 100", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; pct=-1", "!0 to 100", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; pct=+1", "!0 to 100", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; pct=", "!0 to 100", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; pct=1e1", "!0 to 100", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; adkim=x", "!r or s", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; aspf=", "!r or s", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; t=x", "!y or n", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; psd=x", "!y, n or u", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; fo=01", "!at most once", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; fo=0:1", "!not both", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; fo=d:d", "!at most once", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=reject; xyz=", "!no value", "v=DMARC1; p=reject"},
      {"v=DMARC1; p=none; rua=mailto:a@b.example,", "!is not a report address",
       "v=DMARC1; p=none; rua=mailto:a@b.example"},
      {"v=DMARC1; p=none; rua=a@b.example", "!is not a report address", "v=DMARC1; p=none"},
      {"v=DMARC1; p=none; rua=mailto:b.example", "!is not a report address", "v=DMARC1; p=none"},
      {"v=DMARC1; p=none; rua=mailto:a@b.example!", "!is not a report address", "v=DMARC1; p=none"},
      {"v=DMARC1; p=none; rua=mailto:a@b.example!10p", "!is not a report address",
       "v=DMARC1; p=none"},
      {"v=DMARC1; p=none; ruf=mailto://abuse.example", "!is not a report address",
       "v=DMARC1; p=none"},
  });
}

TEST_CASE("a missing or broken policy means p=none with reports, and nothing without") {
  check({
      {"v=DMARC1", "!`p=` is missing", "!`p=` is missing"},
      {"v=DMARC1; adkim=s", "!`p=` is missing", "!`p=` is missing"},
      {"v=DMARC1; p=bob", "!none, quarantine or reject", "!no valid `rua=`"},
      {"v=DMARC1; p=none; sp=bob", "!none, quarantine or reject", "!no valid `rua=`"},
      {"v=DMARC1; p=reject; np=", "!none, quarantine or reject", "!no valid `rua=`"},
      {"v=DMARC1; rua=mailto:a@b.example", "!`p=` is missing",
       "v=DMARC1; p=none; rua=mailto:a@b.example"},
      {"v=DMARC1; p=bob; rua=mailto:a@b.example", "!none, quarantine or reject",
       "v=DMARC1; p=none; rua=mailto:a@b.example"},
      {"v=DMARC1; p=reject; sp=bob; np=reject; rua=mailto:a@b.example",
       "!none, quarantine or reject", "v=DMARC1; p=none; rua=mailto:a@b.example"},
      {"v=DMARC1; p=bob; rua=bogus", "!none, quarantine or reject", "!no valid `rua=`"},
  });
}

TEST_CASE("what is no DMARC record at all") {
  for (const std::string text :
       {"", "v=", "v=DMARC12", "v=DMARC1x; p=reject", "v=dmarc1; p=none", "v=DMARC 1; p=none",
        "p=none; v=DMARC1", "p=reject", "v=spf1 -all", "V=BOB", "v=DMARC1 p=reject",
        "\"v=DMARC1; p=none\"", "v=DMARC1, p=none"}) {
    INFO(text);
    CHECK_FALSE(is_dmarc(text));
    CHECK_FALSE(parse(text));
    CHECK_FALSE(parse_lenient(text));
  }
  CHECK(is_dmarc("v=DMARC1"));
  CHECK(is_dmarc("v=DMARC1;garbage"));
}

TEST_CASE("report addresses and their hosts") {
  const std::pair<std::string, std::string> rows[] = {
      {"mailto:a@B.example", "b.example"},
      {"mailto:a%21b@b.example!10M", "b.example"},
      {"MAILTO:a@b.example?subject=x", "b.example"},
      {"https://r.example:8443/in?x=1", "r.example"},
      {"https://u@r.example", "r.example"},
      {"mailto:a@", ""},
      {"mailto:@b.example", ""},
      {"mailto:", ""},
      {"https:r.example", ""},
      {"https://", ""},
      {"1x://r.example", ""},
      {"mailto:a b@c.example", ""},
      {"mailto:a@b.example!m", ""},
      {"", ""},
  };
  for (const auto& [uri, host] : rows) {
    INFO(uri);
    CHECK(uri_host(uri).value_or("") == host);
  }
}

TEST_CASE("records mean the same where only form and defaults differ") {
  const auto same = [](const std::string& a, const std::string& b) {
    return same_meaning(parse_lenient(a)->record, parse_lenient(b)->record);
  };
  CHECK(same("v=DMARC1; p=reject", "v=DMARC1;p=Reject;sp=reject;np=reject;pct=100;t=n;psd=u"));
  CHECK(same("v=DMARC1; p=none", "v=DMARC1; p=none; adkim=r; aspf=r; fo=0"));
  CHECK(same("v=DMARC1; p=none; rua=mailto:a@x.example,mailto:b@x.example",
             "v=DMARC1; rua=mailto:b@x.example,mailto:a@x.example; p=none"));
  CHECK(same("v=DMARC1; p=none; fo=d:s", "v=DMARC1; p=none; fo=s:d"));
  const std::string base = "v=DMARC1; p=quarantine";
  for (const std::string more :
       {"; sp=none", "; np=none", "; adkim=s", "; aspf=s", "; t=y", "; pct=99", "; fo=1", "; psd=n",
        "; ri=1", "; ruf=mailto:a@b.c", "; rua=mailto:a@b.c"}) {
    INFO(more);
    CHECK_FALSE(same(base, base + more));
  }
}

enum class Move { None, Loosens, Tightens, Both };

struct Step {
  std::string before;
  std::string after;
  Move move;
};

void check(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    INFO(step.before << " -> " << step.after);
    const Record before = parse_lenient("v=DMARC1; " + step.before)->record;
    const Record after = parse_lenient("v=DMARC1; " + step.after)->record;
    const bool loose = step.move == Move::Loosens || step.move == Move::Both;
    const bool tight = step.move == Move::Tightens || step.move == Move::Both;
    CHECK(loosens(before, after) == loose);
    CHECK(tightens(before, after) == tight);
    CHECK(loosens(after, before) == tight);
    CHECK(tightens(after, before) == loose);
  }
}

TEST_CASE("which way a change moves enforcement, for receivers of every generation") {
  check({
      {"p=none", "p=none; rua=mailto:a@b.example; fo=1", Move::None},
      {"p=none", "p=quarantine", Move::Tightens},
      {"p=none", "p=quarantine; pct=10", Move::Tightens},
      {"p=none", "p=quarantine; pct=10; t=y", Move::Tightens},
      {"p=none", "p=none; t=y; pct=1", Move::None},
      {"p=quarantine; pct=10; t=y", "p=quarantine; pct=50; t=y", Move::Tightens},
      {"p=quarantine; pct=50; t=y", "p=quarantine", Move::Tightens},
      {"p=quarantine", "p=reject; pct=10; t=y", Move::Tightens},
      {"p=reject; pct=10; t=y", "p=reject; pct=50; t=y", Move::Tightens},
      {"p=reject; t=y", "p=reject", Move::Tightens},
      {"p=quarantine", "p=quarantine; pct=100; t=n", Move::None},
      // Old receivers sample less, new ones lose their test mode.
      {"p=quarantine; pct=50; t=y", "p=quarantine; pct=10", Move::Both},
      {"p=quarantine; pct=50", "p=reject; pct=1", Move::Tightens},
      {"p=reject", "p=none", Move::Loosens},
      // A sub-domain policy inherits what is absent: np from sp, sp from p.
      {"p=reject", "p=reject; sp=none", Move::Loosens},
      {"p=reject", "p=reject; np=none", Move::Loosens},
      {"p=none; sp=reject", "p=reject", Move::Tightens},
      {"p=none; sp=reject", "p=quarantine", Move::Both},
      {"p=reject; sp=none", "p=reject; sp=none; np=reject", Move::Tightens},
      {"p=none; sp=quarantine", "p=none; sp=quarantine; np=quarantine", Move::None},
      // Strict alignment makes more mail fail.
      {"p=reject; adkim=s", "p=reject", Move::Loosens},
      {"p=reject", "p=reject; aspf=s", Move::Tightens},
      {"p=none", "p=none; aspf=s; adkim=s", Move::None},
      {"p=none; adkim=s", "p=quarantine", Move::Tightens},
      {"p=none; sp=reject; adkim=s", "p=none; sp=reject", Move::Loosens},
      {"p=reject; adkim=s", "p=reject; aspf=s", Move::Both},
  });
}

TEST_CASE("the strength of a record") {
  const auto strength = [](const std::string& text) {
    return strength_of(parse_lenient("v=DMARC1; " + text)->record);
  };
  CHECK(strength("p=none") == Strength{0, 100, false});
  CHECK(strength("p=quarantine; pct=10; t=y") == Strength{1, 10, true});
  CHECK(strength("p=reject") == Strength{2, 100, false});
}

}  // namespace
}  // namespace rampart::dmarc
