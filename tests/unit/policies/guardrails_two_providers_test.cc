/// The ramp's guardrail where a domain is served by two providers whose records differ.
#include <catch2/catch.hpp>

#include "policies/guardrails/dmarc.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using testing::codes_of;
using testing::domain_at;

Change to_quarantine_50(const char* provider, const char* before) {
  const auto set = [](const char* value) {
    return std::optional(TypedSet{RecordType::TXT, {std::chrono::seconds(300), {value}}});
  };
  Change change{.domain = Name::literal("example.com"),
                .zone = Name::literal("example.com"),
                .provider = provider,
                .set = parse_change({Name::literal("_dmarc.example.com"),
                                     before == nullptr ? std::nullopt : set(before),
                                     set("v=DMARC1; p=quarantine; t=y; pct=50")}),
                .stage = Stage::Enforce,
                .reasons = {}};
  return change;
}

TEST_CASE("ramp-jump: the provider whose record is furthest behind decides") {
  const char* const kAtTen = "v=DMARC1; p=quarantine; t=y; pct=10";
  struct Row {
    const char* first;  // What each provider holds; null: no record.
    const char* second;
    bool jumps;
  };
  const Row rows[] = {{kAtTen, kAtTen, false},
                      {kAtTen, "v=DMARC1; p=none", true},
                      {"v=DMARC1; p=none", kAtTen, true},
                      {kAtTen, nullptr, true}};
  Config config;
  Domain domain = domain_at("example.com", {Phase::Quarantine, 50});
  domain.providers = {"files", "mirror"};
  config.domains.emplace(domain.name, domain);
  for (const Row& row : rows) {
    Plan plan;
    plan.changes = {to_quarantine_50("files", row.first), to_quarantine_50("mirror", row.second)};
    const auto codes = codes_of(ramp_jump(plan, config, World{}));
    CHECK(codes ==
          (row.jumps ? std::vector<std::string>{"E ramp-jump"} : std::vector<std::string>{}));
  }
}

}  // namespace
}  // namespace rampart
