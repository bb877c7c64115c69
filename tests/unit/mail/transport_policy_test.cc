#include "mail/transport/policy.h"

#include <catch2/catch.hpp>

namespace rampart {
namespace {

const std::string kGood = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n";

void check(const std::string& text, const MtaStsPolicy& expected) {
  INFO(text);
  const auto policy = parse_mta_sts_policy(text);
  REQUIRE(policy.ok());
  CHECK(*policy == expected);
}

void check_bad(const std::string& text, const std::string& word) {
  INFO(text);
  const auto policy = parse_mta_sts_policy(text);
  REQUIRE_FALSE(policy.ok());
  CHECK(policy.error().what.find(word) != std::string::npos);
}

}  // namespace

TEST_CASE("an MTA-STS policy is read as senders read it") {
  const MtaStsPolicy good{.mode = MtaStsMode::Enforce, .max_age = 604800, .mx = {"mx.example.com"}};
  check(kGood, good);
  check("version: STSv1\r\nmode: enforce\r\nmx: MX.example.com\r\nmax_age: 604800", good);
  check("version:STSv1\nmode:enforce\nmx:mx.example.com\nmax_age:604800\n\n", good);
  check(kGood + "mode: none\nmax_age: 1\nnew: key\n", good);
  check("max_age: 86400\nmx: a.example\nmx: *.b.example\nmode: testing\nversion: STSv1\n",
        {.mode = MtaStsMode::Testing, .max_age = 86400, .mx = {"a.example", "*.b.example"}});
  check("version: STSv1\nmode: none\nmax_age: 0\n",
        {.mode = MtaStsMode::None, .max_age = 0, .mx = {}});
  check("version: STSv1\nmode: none\nmax_age: 31557600\n",
        {.mode = MtaStsMode::None, .max_age = 31557600, .mx = {}});
}

TEST_CASE("the error for a policy that senders cannot use") {
  check_bad("", "version");
  check_bad("<html>hello</html>", "key: value");
  check_bad("version: STSv2\nmode: none\nmax_age: 1\n", "version");
  check_bad("version: STSv1\nmode: strict\nmax_age: 1\n", "mode");
  check_bad("version: STSv1\nmode: none\n", "max_age");
  check_bad("version: STSv1\nmode: none\nmax_age: -1\n", "max_age");
  check_bad("version: STSv1\nmode: none\nmax_age: 1d\n", "max_age");
  check_bad("version: STSv1\nmode: none\nmax_age: 31557601\n", "year");
  check_bad("version: STSv1\nmode: none\nmax_age: 99999999999\n", "max_age");
  check_bad("version: STSv1\nmode: enforce\nmax_age: 1\n", "mx");
  check_bad(kGood + "mx: *.*.example.com\n", "not a host");
  check_bad(kGood + "mx: mx.*.example.com\n", "not a host");
}

TEST_CASE("a pattern's star matches one label") {
  const auto matches = [](std::string_view pattern, const char* host) {
    return matches_mx(pattern, Name::literal(host));
  };
  CHECK(matches("mx.example.com", "mx.example.com"));
  CHECK(matches("MX.Example.com", "mx.example.com"));
  CHECK(matches("*.example.com", "mx.example.com"));
  CHECK_FALSE(matches("*.example.com", "example.com"));
  CHECK_FALSE(matches("*.example.com", "a.mx.example.com"));
  CHECK_FALSE(matches("*.example.com", "mx.example.org"));
  CHECK_FALSE(matches("mx.example.com", "mx2.example.com"));
}

}  // namespace rampart
