/// TLSA records: what is read, and what sending mail servers use.
#include "mail/transport/tlsa.h"

#include <catch2/catch.hpp>

namespace rampart {
namespace {

const std::string kSha256(64, 'a');
const std::string kSha512(128, 'b');

void check_usable(const std::string& text) {
  INFO(text);
  const auto record = parse_tlsa(text);
  REQUIRE(record);
  CHECK(unusable_for_smtp(*record).empty());
}

void check_skipped(const std::string& text, const std::string& why) {
  INFO(text);
  const auto record = parse_tlsa(text);
  REQUIRE(record);
  CHECK(unusable_for_smtp(*record) == why);
}

void check_malformed(const std::string& text, const std::string& why) {
  INFO(text);
  const auto record = parse_tlsa(text);
  REQUIRE_FALSE(record);
  CHECK(record.error().what == why);
}

TEST_CASE("records that senders use") {
  check_usable("3 1 1 " + kSha256);
  check_usable("2 1 1 " + kSha256);
  check_usable("3 0 2 " + kSha512);
  check_usable("2 0 0 3082");
  // RFC 6698 section 2.2: digits of either case, in groups.
  check_usable("3 1 1 " + std::string(32, 'A') + " " + std::string(32, 'a'));
  CHECK(parse_tlsa("3 1 1 ABcd")->data == "abcd");
}

TEST_CASE("records that senders skip") {
  check_skipped("1 1 1 " + kSha256, "usage 1 is not used for mail, only 2 and 3 are");
  check_skipped("0 1 1 " + kSha256, "usage 0 is not used for mail, only 2 and 3 are");
  check_skipped("4 1 1 " + kSha256, "usage 4 is not used for mail, only 2 and 3 are");
  check_skipped("3 2 1 " + kSha256, "selector 2 is unknown");
  check_skipped("3 1 3 " + kSha256, "matching type 3 is unknown");
  check_skipped("3 1 1 " + kSha512, "its data has 64 octets where matching type 1 has 32");
  check_skipped("3 1 2 " + kSha256, "its data has 32 octets where matching type 2 has 64");
}

TEST_CASE("what is no record") {
  const std::string field = "one of the first three fields is no number up to 255";
  check_malformed("", field);
  check_malformed("3 1", field);
  check_malformed("256 1 1 aa", field);
  check_malformed("-3 1 1 aa", field);
  check_malformed("3 1 1", "its data is not hexadecimal");
  check_malformed("3 1 1 abc", "its data is not hexadecimal");
  check_malformed("3 1 1 zz", "its data is not hexadecimal");
}

}  // namespace
}  // namespace rampart
