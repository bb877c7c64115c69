/// Records that are left out alone, and domains in U-labels.
#include <catch2/catch.hpp>

#include "reports/parse/read.h"

namespace rampart::reports {
namespace {

std::string record(const std::string& ip, const std::string& count) {
  return "<record><row><source_ip>" + ip + "</source_ip><count>" + count +
         "</count></row><identifiers><header_from>M\u00dcLLER.example</header_from></identifiers>"
         "<auth_results><dkim><domain>m\u00fcller.example</domain><selector>s\u00fc</selector>"
         "<result>pass</result></dkim></auth_results></record>";
}

std::string report(const std::string& records) {
  return "<feedback><report_metadata><org_name>o</org_name><report_id>r</report_id><date_range>"
         "<begin>1700000000</begin><end>1700086399</end></date_range></report_metadata>"
         "<policy_published><domain>M\u00fcller.Example</domain><p>none</p></policy_published>" +
         records + "</feedback>";
}

struct Outcome {
  Header header;
  std::vector<std::int64_t> counts;
  RecordResults results;
  std::string error;
};

Outcome read(const std::string& octets) {
  Outcome outcome;
  Reader reader({[&](const Header&, std::span<const Row> rows) -> Result<Ok> {
                   for (const Row& row : rows) {
                     outcome.counts.push_back(row.count);
                     outcome.results = *row.results;
                   }
                   return Ok{};
                 },
                 [&](const Header& header) -> Result<Ok> {
                   outcome.header = header;
                   return Ok{};
                 }});
  Result<Ok> done = reader.feed(octets);
  if (done) done = reader.finish();
  if (!done) outcome.error = sentence(done.error());
  return outcome;
}

}  // namespace

TEST_CASE("a record without an address is left out alone") {
  struct Case {
    std::vector<std::string> addresses;
    std::vector<std::int64_t> counts;  ///< Those read; record N has count N.
    std::int64_t skipped;
    std::string first;
  };
  const std::vector<Case> cases = {
      {{"192.0.2.1", "192.0.2.2"}, {1, 2}, 0, ""},
      {{"192.0.2.1:25", "192.0.2.2"}, {2}, 1, "record 1: \"192.0.2.1:25\" is not an IP address"},
      {{"192.0.2.1", "", "192.0.2.3"}, {1, 3}, 1, "record 2: \"\" is not an IP address"},
      {{"192.0.2.1", "x", "y", "192.0.2.1"}, {1, 4}, 2, "record 2: \"x\" is not an IP address"},
  };
  for (const Case& one : cases) {
    std::string records;
    for (std::size_t i = 0; i < one.addresses.size(); ++i) {
      records += record(one.addresses[i], std::to_string(i + 1));
    }
    const Outcome got = read(report(records));
    INFO(one.first << got.error);
    CHECK(got.error.empty());
    CHECK(got.counts == one.counts);
    CHECK(got.header.skipped_records == one.skipped);
    CHECK(got.header.first_skipped == one.first);
  }
}

TEST_CASE(
    "a report of records without addresses, or of a left-out record's bad count, is refused") {
  CHECK(read(report(record("x", "1"))).error == "record 1: \"x\" is not an IP address");
  CHECK(read(report(record("x", "-1") + record("192.0.2.1", "1"))).error ==
        "record 1: \"-1\" is not a count of messages");
}

// Some reporters write one record with an empty address about a day without mail.
TEST_CASE("a report about no mail is read") {
  for (const std::string& none : {record("", "0"), std::string("<record><row><count>0</count>"
                                                               "</row></record>")}) {
    const Outcome got = read(report(none));
    CHECK(got.error.empty());
    CHECK(got.counts.empty());
    CHECK(got.header.skipped_records == 0);
  }
}

TEST_CASE("domains in U-labels become A-labels") {
  const Outcome got = read(report(record("192.0.2.1", "1")));
  CHECK(got.header.domain == "xn--mller-kva.example");
  CHECK(got.results.header_from == "xn--mller-kva.example");
  CHECK(got.results.dkim.at(0).domain == "xn--mller-kva.example");
  CHECK(got.results.dkim.at(0).selector == "s\u00fc");
}

}  // namespace rampart::reports
