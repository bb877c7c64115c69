// What a host cannot mean: TTLs beyond their range, and JSON that nests without end.
#include <catch2/catch.hpp>

#include "providers/cloudflare/json.h"
#include "providers/model/json_text.h"
#include "providers/powerdns/json.h"
#include "providers/rfc2136/wire.h"
#include "providers/route53/tokens.h"

namespace rampart {
namespace {

std::string deep(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

TEST_CASE("a TTL that is none counts as 0") {
  CHECK(sound_ttl(0).count() == 0);
  CHECK(sound_ttl(300).count() == 300);
  CHECK(sound_ttl(0x7FFFFFFF).count() == 0x7FFFFFFF);
  CHECK(sound_ttl(0x80000000LL).count() == 0);
  CHECK(sound_ttl(-1).count() == 0);
}

TEST_CASE("every adapter reads such a TTL as 0") {
  const auto page = cloudflare::read_page<cloudflare::Record>(
      R"({"success": true, "result": [{"id": "1", "name": "example.com", "type": "A",
          "content": "192.0.2.1", "ttl": 4294967296}]})");
  REQUIRE(page.ok());
  CHECK(page->items.at(0).ttl.count() == 0);
  const auto zone = powerdns::read_zone(
      R"({"rrsets": [{"name": "example.com.", "type": "A", "ttl": -7,
          "records": [{"content": "192.0.2.1"}]}]})");
  REQUIRE(zone.ok());
  CHECK(zone->sets.begin()->second.set.ttl.count() == 0);
  std::string wire("\0\1\x84\0\0\0\0\1\0\0\0\0", 12);
  append_record(wire, {Name::literal("example.com"), RecordType::A}, 1, 0x80000001U,
                std::string("\xc0\0\2\1", 4));
  const auto message = parse_message(wire);
  REQUIRE(message.ok());
  CHECK(message->answers.at(0).ttl == 0);
}

// A hundred thousand levels exhausted the stack where the value was printed.
TEST_CASE("JSON that nests too deep is no response") {
  CHECK(parse_body(deep(200000)).is_discarded());
  CHECK(parse_body(deep(30)).is_array());
  const std::string list = R"({"success": true, "result": [{"id": "1", "name": "a.example",
      "type": "CAA", "data": {"a": )" +
                           deep(200000) + "}}]}";
  CHECK_FALSE(cloudflare::read_page<cloudflare::Record>(list).ok());
  CHECK_FALSE(cloudflare::succeeded(list));
  const std::string errors = R"({"success": false, "errors": )" + deep(200000) + "}";
  CHECK_FALSE(cloudflare::refusal(403, errors, cloudflare::Permission::DnsRead).what.empty());
  CHECK_FALSE(powerdns::read_zone(R"({"rrsets": [{"name": "a.", "type": "TXT", "records": [],
      "comments": )" + deep(200000) +
                                  "}]}")
                  .ok());
  const HttpResponse response{.status = 200, .headers = {}, .body = deep(200000)};
  CHECK_FALSE(route53::read_metadata(response).ok());
}

}  // namespace
}  // namespace rampart
