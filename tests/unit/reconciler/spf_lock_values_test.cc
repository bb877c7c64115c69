// What spf.lock cannot mean, in the file itself and in a saved world.
#include <catch2/catch.hpp>

#include "reconciler/documents/plan_file.h"
#include "reconciler/documents/spf_lock_file.h"

namespace rampart {
namespace {

std::string lock_text(const std::string& lookups) {
  return R"({"format_version": 1, "domains": {"example.com": {"include:a.example": {
      "resolved": "2026-11-21", "lookups": )" +
         lookups + R"(, "networks": ["192.0.2.0/24"], "leaving": {}}}}})";
}

TEST_CASE("a term's lookups are a count") {
  for (const char* good : {"0", "3", "1000"}) CHECK(parse_spf_locks(lock_text(good)).ok());
  for (const char* bad :
       {"-1", "1001", "1e300", "2.5", "true", "\"3\"", "null", "18446744073709551615"}) {
    INFO(bad);
    CHECK_FALSE(parse_spf_locks(lock_text(bad)).ok());
  }
}

TEST_CASE("JSON that nests too deep is no document") {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  CHECK_FALSE(parse_spf_locks(deep).ok());
  CHECK_FALSE(plan_from_json(deep).ok());
  const auto world = world_from_json(R"({"world_version": 1, "evidence": )" + deep + "}");
  REQUIRE_FALSE(world.ok());
  CHECK(world.error().what == "the world is nested deeper than 32 levels");
}

// It passed for a world without locks, in which every flattened record would be lost.
TEST_CASE("a saved world with a damaged lock is refused") {
  std::string text = world_to_json(World{});
  const std::size_t at = text.find("format_version");
  REQUIRE(at != text.npos);
  text.replace(at, 14, "format_variety");
  const auto world = world_from_json(text);
  REQUIRE_FALSE(world.ok());
  CHECK(world.error().what.find("spf_lock: ") != std::string::npos);
}

}  // namespace
}  // namespace rampart
