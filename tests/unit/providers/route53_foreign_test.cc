// Route 53: what others keep there, which must neither stop a reading nor be respelled by a write.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "providers/route53/answers.h"
#include "providers/route53/batches.h"

using namespace rampart;
using namespace rampart::route53;
using namespace std::chrono_literals;

TEST_CASE("types and values that cannot be represented are kept, and texts keep their cuts") {
  const auto set = [](const char* type, const char* value) {
    return fmt::format(
        "<ResourceRecordSet><Name>example.com.</Name><Type>{}</Type><TTL>300</TTL>"
        "<ResourceRecords><ResourceRecord><Value>{}</Value></ResourceRecord></ResourceRecords>"
        "</ResourceRecordSet>",
        type, value);
  };
  const HttpResponse page{
      .status = 200,
      .body = "<ListResourceRecordSetsResponse><ResourceRecordSets>" + set("TOMORROW", "?") +
              set("A", "none") + set("TXT", "\"a\" \"b\"") +
              "<ResourceRecordSet><Name>x.example.com.</Name><Type>A</Type></ResourceRecordSet>"
              "</ResourceRecordSets></ListResourceRecordSetsResponse>"};
  const auto read = read_sets(page);
  REQUIRE(read.ok());
  REQUIRE(read->sets.size() == 4);
  CHECK(read->sets[0].key.type == RecordType::Unknown);
  CHECK(read->sets[1].set.values == std::set<std::string>{"none"});
  CHECK(read->sets[2].set.values == std::set<std::string>{"ab"});
  CHECK(read->sets[3].special == "without a TTL");
  const Name zone = Name::literal("example.com");
  const SetChange change{zone, TypedSet{RecordType::TXT, {300s, {"ab"}}},
                         TypedSet{RecordType::TXT, {300s, {"ab", "v=spf1 -all"}}}};
  const std::string body = batch_xml({{.change = change, .stored = read->sets[2]}});
  CHECK_THAT(body, !Catch::Contains("ab"));
  CHECK_THAT(body, Catch::Contains("v=spf1 -all"));
}
