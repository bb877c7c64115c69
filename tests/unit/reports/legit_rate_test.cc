/// Views and gates compute one legit_rate: what `reports summary` shows is what a ramp decides by.
#include <catch2/catch.hpp>
#include <random>

#include "policies/ramp/legit.h"
#include "reports/analysis/evidence.h"
#include "reports/analysis/summary.h"
#include "tests/support/report_scene.h"

namespace rampart::reports {
namespace {

using namespace testing;

const Name kDomain = Name::literal("example.com");
const Date kDay = kToday - std::chrono::days(5);

Resolve no_names() {
  return [](Answers& answers, std::span<const Question> questions) {
    for (const Question& one : questions) answers[one].status = AnswerStatus::NxDomain;
  };
}

std::optional<double> by_gates(Store& store, const Config& yaml) {
  const Result<Evidence> evidence = fold(store, yaml, kNow, no_names());
  REQUIRE(evidence);
  const EvidenceRows rows = rows_of(*evidence, kDomain);
  const CountingReporters reporters =
      counting_reporters(yaml, {rows, evidence->heard_on(kDomain)}, kToday);
  const LegitRows all{counting_rows(rows, reporters), {}, reporters};
  return tally_of(yaml.domains.at(kDomain), yaml, all).legit_rate();
}

std::optional<double> by_summary(Store& store, const Config& yaml) {
  const NamingContext naming = naming_of(yaml, kDomain, kNow, no_names());
  const Result<Analysis> analysis = analyse(store, {"example.com", kDay, kDay}, naming);
  REQUIRE(analysis);
  return summarize(*analysis, naming).legit_rate;
}

TEST_CASE("views and gates compute one legit_rate") {
  Config yaml = config();
  yaml.reporters.known = {"a.example"};
  const Facts kinds[] = {facts(Mail::Both, "office"),
                         facts(Mail::SpfOnly),
                         facts(Mail::DkimOnly, "m1"),
                         facts(Mail::DkimOnly, "x9"),
                         facts(Mail::Nothing),
                         facts(Mail::OwnBounce),
                         facts(Mail::ForeignDkim),
                         facts(Mail::BrokenDkim),
                         overridden("mailing_list"),
                         of_service("mailer.example", AuthResult::Pass),
                         of_service("known.example", AuthResult::Pass),
                         of_service("known.example", AuthResult::Fail)};
  std::mt19937 random(8);
  int partly = 0;
  for (int world = 0; world < 60; ++world) {
    std::vector<TrafficGroup> mail;
    for (int i = 0; i < 12; ++i) {
      const std::string ip =
          (random() % 3 == 0 ? "192.0.2." : "198.51.100.") + std::to_string(1 + random() % 20);
      mail.push_back(group(ip, kinds[random() % std::size(kinds)], 1 + random() % 90));
    }
    Result<Store> store = Store::open(":memory:");
    REQUIRE(store);
    put_report(store.value(), kDay, "a.example", mail);
    const auto gates = by_gates(store.value(), yaml);
    INFO("world " << world);
    CHECK(by_summary(store.value(), yaml).value_or(-1) == Approx(gates.value_or(-1)));
    if (gates && *gates > 0 && *gates < 1) ++partly;
  }
  CHECK(partly >= 40);
}

}  // namespace
}  // namespace rampart::reports
