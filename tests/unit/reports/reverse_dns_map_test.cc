/// The map of host owners: what is read, and what is refused with its line.
#include "reports/analysis/reverse_dns_map.h"

#include <catch2/catch.hpp>

namespace rampart::reports {
namespace {

const std::string kHead = "base_reverse_dns,name,type\n";

TEST_CASE("a map names who runs which hosts") {
  const auto map = parse_reverse_dns_map("\xef\xbb\xbf" + kHead +
                                             "Example.NET,Example Mail,Email Provider\r\n\n"
                                             "mx.example.net.,\"Special, \"\"quoted\"\"\",\n"
                                             "example.org,First,ISP\nexample.org,Second,ISP\n",
                                         "map.csv");
  REQUIRE(map);
  CHECK(map->size() == 3);
  const auto owner = [&](const char* host) {
    const HostOwner* found = owner_of(*map, host);
    return found == nullptr ? std::string("nobody") : found->name;
  };
  CHECK(owner("example.net") == "Example Mail");
  CHECK(owner("a.b.example.net") == "Example Mail");
  CHECK(owner("1.mx.example.net") == "Special, \"quoted\"");
  CHECK(owner("example.org") == "Second");
  CHECK(owner("notexample.net") == "nobody");
  CHECK(owner("net") == "nobody");
  CHECK(owner("") == "nobody");
}

TEST_CASE("columns may have any order, and others are ignored") {
  const auto map =
      parse_reverse_dns_map("type,note,base_reverse_dns,name\nISP,x,a.example,A\n", "m");
  REQUIRE(map);
  CHECK(*map == ReverseDnsMap{{"a.example", {"A", "ISP"}}});
}

void check_refused(const std::string& text, const std::string& where, const std::string& what) {
  INFO(text);
  const auto map = parse_reverse_dns_map(text, "map.csv");
  REQUIRE(!map);
  CHECK(map.error().where == where);
  CHECK(map.error().what.find(what) != std::string::npos);
}

TEST_CASE("an error names file and line") {
  check_refused("", "map.csv:0", "head");
  check_refused("a,b,c\n", "map.csv:1", "head");
  check_refused(kHead + "a.example,A\n", "map.csv:2", "2 fields, but the header line has 3");
  check_refused(kHead + "a.example,A,ISP,more\n", "map.csv:2", "4 fields");
  check_refused(kHead + "a.example,A,ISP\n\na..example,A,ISP\n", "map.csv:4", "not a host domain");
  check_refused(kHead + ",A,ISP\n", "map.csv:2", "host domain");
  check_refused(kHead + ".,A,ISP\n", "map.csv:2", "host domain");
  check_refused(kHead + "a.example,,ISP\n", "map.csv:2", "name is empty");
  check_refused(kHead + "a.example,\"A,ISP\n", "map.csv:2", "quote");
  check_refused(kHead + "a.example,\"A\"x,ISP\n", "map.csv:2", "quote");
  check_refused(kHead + "a.example,A\"x\",ISP\n", "map.csv:2", "quote");
}

}  // namespace
}  // namespace rampart::reports
