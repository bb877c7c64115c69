/// The cache of records, and rows packed into blocks.
#include "reports/parse/record_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <span>

#include "reports/parse/parse_values.h"
#include "reports/parse/read.h"
#include "reports/store/blocks.h"

namespace rampart::reports {
namespace {

const std::string kBefore =
    "<feedback><report_metadata><org_name>o</org_name><report_id>r</report_id><date_range>"
    "<begin>1700000000</begin><end>1700086399</end></date_range></report_metadata>"
    "<policy_published><domain>example.com</domain><p>none</p></policy_published>";
const std::string kTail =
    "<identifiers><header_from>example.com</header_from></identifiers><auth_results><dkim>"
    "<domain>example.com</domain><selector>s1</selector><result>pass</result></dkim>"
    "</auth_results>";

std::string row(const std::string& ip = "192.0.2.1", const std::string& count = "3") {
  return "<row><source_ip>" + ip + "</source_ip><count>" + count + "</count></row>";
}

std::string record(const std::string& inside) { return "<record>" + inside + "</record>"; }

/// "192.0.2.1*3 1 known " for each row: address, count, signatures; then the error.
std::string rows_in(const std::string& records, const std::shared_ptr<RecordCache>& cache) {
  std::string text;
  Reader reader({[&](const Header&, std::span<const Row> rows) -> Result<Ok> {
                   for (const Row& one : rows) {
                     text +=
                         fmt::format("{}*{} {}{} ", one.ip.text(), one.count,
                                     one.results->dkim.size(), one.results_id == 0 ? "" : " known");
                   }
                   return Ok{};
                 },
                 {}},
                cache);
  Result<Ok> done = reader.feed(kBefore + records + "</feedback>");
  if (done) done = reader.finish();
  return done ? text : text + sentence(done.error());
}

TEST_CASE("cached records are read as if they were parsed") {
  const auto cache = std::make_shared<RecordCache>();
  const auto ips = [&](const std::string& records) { return rows_in(records, cache); };
  CHECK(ips(record(row() + kTail)) == "192.0.2.1*3 1 known ");
  CHECK(ips(record(row("2001:db8::1", "7") + kTail) + "\n " + record(row() + kTail)) ==
        "2001:db8::1*7 1 known 192.0.2.1*3 1 known ");
  CHECK(ips(record(row("192.0.2.999") + kTail)).find("is not an IP address") != std::string::npos);
  CHECK(ips(record(row("192.0.2.1", "-1") + kTail)).find("is not a count") != std::string::npos);
  CHECK(ips(record(row(" 192.0.2.7 ") + kTail)) == "192.0.2.7*3 1 ");
  // A record that is not plain is never cached: its first address may be in a comment.
  const auto hidden = [&](const std::string& ip) {
    return record("<!-- <source_ip>" + ip + "</source_ip> -->" + row() + kTail);
  };
  CHECK(ips(hidden("192.0.2.1") + hidden("192.0.2.2")) == "192.0.2.1*3 1 192.0.2.1*3 1 ");
  const auto foreign = [&](const std::string& ip) {
    return record("<x><source_ip>" + ip + "</source_ip></x>" + row() + kTail);
  };
  CHECK(ips(foreign("192.0.2.1") + foreign("192.0.2.2")) == "192.0.2.1*3 1 192.0.2.1*3 1 ");
  CHECK(ips("<!-- " + record(row() + kTail) + " -->" + record(row() + kTail)) ==
        "192.0.2.1*3 1 known ");
  // After text the parser may not have consumed everything: the record is parsed.
  CHECK(ips("<![CDATA[" + record(row() + kTail) + "]]>" + record(row() + kTail))
            .starts_with("192.0.2.1*3 1 "));
  // A record within another element is ignored.
  CHECK(ips("<extension>" + record(row() + kTail) + "</extension>" + record(row() + kTail)) ==
        "192.0.2.1*3 1 known ");
  CHECK(ips("<extension>" + record(row() + kTail) + "</extension>") == "it has no records");
}

TEST_CASE("blocks return the rows that were added") {
  const std::vector<BlockRow> rows = {
      {1, *spf::Ip::parse("192.0.2.1"), 0},
      {127, *spf::Ip::parse("2001:db8::1"), 127},
      {128, *spf::Ip::parse("255.255.255.255"), 128},
      {std::int64_t{1} << 62, *spf::Ip::parse("::"), kMostMessages}};
  std::string block;
  for (const BlockRow& one : rows) {
    const std::size_t before = block.size();
    append_row(one, block);
    CHECK(block.size() - before <= kMostRowOctets);
  }
  std::vector<BlockRow> back;
  CHECK(for_each_in(block, [&](const BlockRow& one) { back.push_back(one); }));
  CHECK(back == rows);
  for (std::size_t size = 1; size < block.size(); ++size) {
    back.clear();
    const bool whole = for_each_in(std::string_view(block).substr(0, size),
                                   [&](const BlockRow& one) { back.push_back(one); });
    CHECK(whole == (size == 6 || size == 25 || size == 33));
    CHECK(std::ranges::equal(back, std::span(rows).first(back.size())));
  }
  CHECK_FALSE(for_each_in(std::string(30, '\xff'), [](const BlockRow&) {}));
}

}  // namespace
}  // namespace rampart::reports
