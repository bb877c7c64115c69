/// A sender that broke around a step: a step up has not answered it, a step back has.
#include <catch2/catch.hpp>

#include "policies/ramp/step.h"
#include "tests/support/policy_world.h"

namespace rampart {
namespace {

using std::chrono::days;

Date june(int day) {
  return std::chrono::sys_days(std::chrono::year(2026) / 6 / 1) + days(day - 1);
}

/// June's mail of a domain that went from `before` to quarantine at 50% on the 15th, by a sender
/// that never fails and a small one that fails from `broken` on; both reporters show it at once.
struct June {
  const char* story;
  Published before;
  int broken;
  int today;
  bool leads_back;
};

EvidenceRow row_of(const June& june_of, int day, const char* source, DmarcOutcome outcome) {
  return {.day = june(day),
          .policy_domain = Name::literal("example.com"),
          .header_from = Name::literal("example.com"),
          .reporter = {},
          .source = source,
          .outcome = outcome,
          .marked = outcome == DmarcOutcome::Fail,
          .selectors = {},
          .selectors_reported = false,
          .published =
              day < 15 ? june_of.before : Published{dmarc::Policy::Quarantine, 50, std::nullopt},
          .messages = std::string(source) == "mta" ? 500 : 20};
}

Evidence evidence_of(const June& june_of) {
  Evidence evidence;
  for (int day = 1; day < june_of.today; ++day) {
    for (const char* reporter : {"one.example", "two.example"}) {
      const DmarcOutcome outcome =
          day < june_of.broken ? DmarcOutcome::DkimOnly : DmarcOutcome::Fail;
      for (EvidenceRow row : {row_of(june_of, day, "mta", DmarcOutcome::Both),
                              row_of(june_of, day, "small", outcome)}) {
        row.reporter = reporter;
        evidence.rows.push_back(std::move(row));
      }
    }
  }
  evidence.newest = Time(june(june_of.today)) - std::chrono::seconds(1);
  return evidence;
}

void check(const June& june_of) {
  INFO(june_of.story);
  Domain domain = testing::domain_at("example.com", {Phase::Quarantine, 50});
  domain.dmarc.since = june(15);
  domain.senders.emplace();
  for (const char* id : {"mta", "small"}) {
    domain.senders->push_back({.sender = std::make_shared<const Sender>(Sender{.id = id})});
  }
  World world;
  world.now = Time(june(june_of.today));
  world.evidence = evidence_of(june_of);
  Config config;
  config.reporters.known = {"one.example", "two.example"};
  CHECK((step_of(domain, config, world).action == StepAction::StepBack) == june_of.leads_back);
}

TEST_CASE("three failing days lead back, whichever side of a step up they lie on") {
  constexpr auto kQuarantine = dmarc::Policy::Quarantine;
  const Published lower{kQuarantine, 10, std::nullopt};
  const Published higher{kQuarantine, 100, std::nullopt};
  const Published monitor{dmarc::Policy::None, std::nullopt, std::nullopt};
  const Published silent{kQuarantine, std::nullopt, true};
  for (const June& one : {
           June{"two days are too few", lower, 14, 16, false},
           June{"one before, two after", lower, 14, 17, true},
           June{"two before, one after", lower, 13, 16, true},
           June{"all before a step up by hand", lower, 11, 16, true},
           June{"up from monitor", monitor, 13, 16, true},
           June{"a step back has answered them", higher, 11, 16, false},
           June{"and is repeated after three more", higher, 11, 18, true},
           June{"direction unknown, three before", silent, 12, 16, false},
           June{"direction unknown, two before", silent, 13, 16, true},
       }) {
    check(one);
  }
}

}  // namespace
}  // namespace rampart
