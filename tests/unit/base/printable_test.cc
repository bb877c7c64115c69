/// Text from outside as people and CI systems see it.
#include "base/printable.h"

#include <catch2/catch.hpp>

#include "base/csv.h"

namespace rampart {
namespace {

TEST_CASE("no text is a command of a CI runner") {
  const auto check = [](const std::string& text, const std::string& shown) {
    INFO(text);
    CHECK(printable(text) == shown);
    CHECK(printable(shown) == shown);
  };
  check("::error::x", "\\058:error::x");
  check("  ::set-output name=a::x", "  \\058:set-output name=a::x");
  check("\u00A0\u3000::warning file=x", "\u00A0\u3000\\058:warning file=x");
  check("\n::error::x", "\\010\\058:error::x");
  check("::add-mask::x", "\\058:add-mask::x");
  check("x ##[group]y", "x #\\035[group]y");
  check("##[error]", "#\\035[error]");
  // Addresses stay readable.
  check("::1", "::1");
  check("::ffff:192.0.2.1", "::ffff:192.0.2.1");
  check("2001:db8::error", "2001:db8::error");
  check("x ::error::", "x ::error::");
}

TEST_CASE("cells hold no text that moves, hides or runs") {
  CHECK(csv_cell("a\u202Eb") == "a\\226\\128\\174b");
  CHECK(csv_cell("a\x1b[31m\n::error::") == "a\\027[31m\\010::error::");
  CHECK(csv_cell("::error::x") == "\\058:error::x");
  CHECK(csv_cell("=1+1") == "'=1+1");
  CHECK(csv_cell("a,\"b\"") == "\"a,\"\"b\"\"\"");
}

TEST_CASE("URLs lose their passwords") {
  CHECK(without_userinfo("https://user:pass@host/path") == "https://[redacted]@host/path");
  CHECK(without_userinfo("GET https://token@host:8081/api failed") ==
        "GET https://[redacted]@host:8081/api failed");
  CHECK(without_userinfo("a http://u:p/a@b@c d imaps://x:y@z/INBOX") ==
        "a http://[redacted]@c d imaps://[redacted]@z/INBOX");
  CHECK(without_userinfo("mailto:a@b.example https://host/x") ==
        "mailto:a@b.example https://host/x");
  CHECK(without_userinfo("") == "");
}

}  // namespace
}  // namespace rampart
