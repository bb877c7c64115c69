/// How deep JSON is nested, strings left aside.
#include "base/json_depth.h"

#include <catch2/catch.hpp>
#include <string>

using namespace rampart;

TEST_CASE("nesting counts outside strings, and levels that are closed do not add up") {
  const auto brackets = [](int depth) { return std::string(static_cast<std::size_t>(depth), '['); };
  CHECK_FALSE(nests_too_deep(""));
  CHECK_FALSE(nests_too_deep(brackets(kMostJsonDepth)));
  CHECK(nests_too_deep(brackets(kMostJsonDepth + 1)));
  CHECK(nests_too_deep(R"({"a":)" + brackets(kMostJsonDepth)));
  CHECK_FALSE(nests_too_deep('"' + brackets(1000) + '"'));
  CHECK_FALSE(nests_too_deep(R"(["\\\"[)" + brackets(1000)));
  CHECK(nests_too_deep(R"(["\\")" + brackets(kMostJsonDepth)));
  std::string flat = "[";
  for (int i = 0; i < 1000; ++i) flat += "[],{},";
  CHECK_FALSE(nests_too_deep(flat));
}
