// Which rows of evidence concern a domain, and which days a window has.
#include "policies/ramp/evidence_window.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/rotation.h"

namespace rampart {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

EvidenceRow reported(const char* record, const char* from, const char* on) {
  EvidenceRow one = row(day(on), "g", {"s1"});
  one.policy_domain = Name::literal(record);
  one.header_from = Name::literal(from);
  return one;
}

// "record from day", as the rows come.
Lines lines(const EvidenceRows& rows) {
  Lines out;
  for (const EvidenceRow* one : rows) {
    out.push_back(one->policy_domain.text() + " " + one->header_from.text() + " " +
                  to_text(one->day));
  }
  return out;
}

}  // namespace

TEST_CASE("a domain's rows are those of its record, and its own mail under a record above") {
  Evidence evidence;
  evidence.rows = {reported("a.example.com", "a.example.com", "2026-11-03"),
                   reported("a.example.com", "x.a.example.com", "2026-11-03"),
                   reported("b.example.com", "b.example.com", "2026-11-01"),
                   reported("example.com", "a.example.com", "2026-11-01"),
                   reported("example.com", "b.example.com", "2026-11-01"),
                   reported("example.com", "ba.example.com", "2026-11-01"),
                   reported("example.com", "example.com", "2026-11-02"),
                   reported("example.com", "x.a.example.com", "2026-11-02"),
                   reported("example.net", "example.net", "2026-11-01")};
  std::ranges::stable_sort(evidence.rows, {}, &EvidenceRow::policy_domain);
  CHECK(lines(rows_of(evidence, Name::literal("a.example.com"))) ==
        Lines{"example.com a.example.com 2026-11-01", "example.com x.a.example.com 2026-11-02",
              "a.example.com a.example.com 2026-11-03",
              "a.example.com x.a.example.com 2026-11-03"});
  CHECK(lines(rows_of(evidence, Name::literal("example.com"))).size() == 5);
  CHECK(lines(rows_of(evidence, Name::literal("c.example.com"))).empty());
  CHECK(lines(rows_of(evidence, Name::literal("example.net"))) ==
        Lines{"example.net example.net 2026-11-01"});
}

TEST_CASE("a window has its first day and not its last") {
  Evidence evidence;
  for (const char* on : {"2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"}) {
    evidence.rows.push_back(reported("example.com", "example.com", on));
  }
  const EvidenceRows rows = rows_of(evidence, Name::literal("example.com"));
  const auto days = [&](const char* from, const char* until) {
    return lines(rows_within(rows, {day(from), day(until)})).size();
  };
  CHECK(days("2026-11-02", "2026-11-04") == 2);
  CHECK(days("2026-11-01", "2026-11-05") == 4);
  CHECK(days("2026-11-05", "2026-11-09") == 0);
  CHECK(days("2026-11-03", "2026-11-02") == 0);
  // Noon of the 23rd: the 20th is the last whole day that is three days old.
  const EvidenceWindow window =
      gate_window(Time(day("2026-11-23")) + std::chrono::hours{12}, {14, Duration::Unit::Days});
  CHECK(to_text(window.from) == "2026-11-06");
  CHECK(to_text(window.until) == "2026-11-20");
}

}  // namespace rampart
