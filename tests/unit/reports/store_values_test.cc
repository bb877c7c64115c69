// What a damaged report store holds is refused, and never makes a sum overflow.
#include <catch2/catch.hpp>

#include "reports/store/blocks.h"
#include "reports/store/facts.h"

namespace rampart::reports {
namespace {

TEST_CASE("a row counts no more messages than a report can have") {
  const auto read = [](std::int64_t count) {
    std::string block;
    append_row({7, {}, count}, block);
    return for_each_in(block, [&](const BlockRow& row) { CHECK(row.count == count); });
  };
  CHECK(read(0));
  CHECK(read(kMostMessages));
  CHECK_FALSE(read(kMostMessages + 1));
  CHECK_FALSE(read(INT64_MAX));
  CHECK_FALSE(read(-1));
}

TEST_CASE("a damaged policy has no percentage") {
  CHECK(decode_policy("20000y").pct == std::nullopt);
  CHECK(decode_policy("20000y25").pct == 25);
  CHECK(decode_policy("20000y100").pct == 100);
  for (const char* bad : {"20000y101", "20000y-1", "20000yx", "20000y99999999999999999999"}) {
    CHECK(decode_policy(bad).pct == std::nullopt);
  }
}

}  // namespace
}  // namespace rampart::reports
