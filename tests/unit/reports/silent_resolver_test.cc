/// A resolver that does not answer never lets a domain advance that would stay with its answers.
#include <fmt/ranges.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "mail/spf/message.h"
#include "policies/ramp/step.h"
#include "reports/analysis/evidence.h"
#include "tests/support/report_scene.h"

namespace rampart::reports {
namespace {

using namespace testing;
using std::chrono::days;

const Name kDomain = Name::literal("example.com");

/// How a resolver fails.
enum class Fault { None, Dead, EverySecond, Slow };

constexpr std::array kFaults = {Fault::Dead, Fault::EverySecond, Fault::Slow};

/// A slow resolver takes two seconds of a virtual clock for every answer of a run, and what comes
/// after the time limit is no answer.
struct SlowClock {
  std::chrono::seconds limit{0};
  std::chrono::seconds now{0};

  bool in_time() { return (now += std::chrono::seconds(2)) <= limit; }
};

Resolve with_fault(const std::map<Question, std::string>& table, Fault fault,
                   std::chrono::seconds limit) {
  return [&table, fault, count = std::make_shared<int>(0),
          clock = std::make_shared<SlowClock>(SlowClock{limit})](
             Answers& answers, std::span<const Question> questions) {
    for (const Question& one : questions) {
      const auto found = table.find(one);
      if (fault == Fault::Dead || (fault == Fault::EverySecond && ++*count % 2 == 0) ||
          (fault == Fault::Slow && !clock->in_time())) {
        answers[one] = Answer{.status = AnswerStatus::Failed};
      } else if (found == table.end()) {
        answers[one] = Answer{.status = AnswerStatus::NxDomain};
      } else {
        answers[one] = Answer{AnswerStatus::Data, {found->second}, {}, {}, ""};
      }
    }
  };
}

/// A month of mail, and the host names of its addresses.
struct Month {
  std::vector<TrafficGroup> daily;  ///< What every day has, the healthy mail first.
  std::vector<TrafficGroup> late;   ///< What only the days since the middle of the window have.
  std::map<Question, std::string> names;
  std::chrono::seconds limit{0};  ///< Of a slow resolver: for some of the questions, or for all.
};

void name_host(Month& month, const std::string& ip, const std::string& host) {
  const Name name = Name::literal(host);
  month.names[{spf::reverse_name(*spf::Ip::parse(ip)), RecordType::PTR}] = host;
  month.names[{name, RecordType::A}] = ip;
}

// Healthy mail, and some that is not: of hosts that are the domain's own, a service's, a
// forwarder's, another party's, or no known host.
Month random_month(std::mt19937& random) {
  const auto pick = [&](int most) {
    return static_cast<int>(random() % static_cast<unsigned>(most));
  };
  const std::array<Facts, 7> kinds = {
      facts(Mail::Nothing),       facts(Mail::OwnBounce),
      facts(Mail::BrokenDkim),    facts(Mail::ForeignDkim),
      facts(Mail::DkimOnly),      of_service("known.example", AuthResult::Fail),
      facts(Mail::DkimOnly, "m1")};
  constexpr std::array<const char*, 6> kHosts = {"mx.example.com",    "out.mailer.example",
                                                 "out.known.example", "a.relay.example",
                                                 "b.partner.example", "c.isp.example"};
  Month month;
  month.daily = {group("192.0.2.1", facts(Mail::Both, "office"), 200 + pick(200))};
  month.limit = std::chrono::seconds(2 * pick(20));
  month.names[{Name::literal("spf.bulk.example"), RecordType::TXT}] =
      "v=spf1 include:nets.bulk.example -all";
  month.names[{Name::literal("nets.bulk.example"), RecordType::TXT}] =
      pick(2) == 0 ? "v=spf1 ip4:198.51.100.2 -all" : "v=spf1 ip4:203.0.113.0/24 -all";
  const int sources = pick(4);
  for (int i = 0; i < sources; ++i) {
    const std::string ip = "198.51.100." + std::to_string(i + 1);
    if (pick(4) > 0) {
      std::string host = kHosts[static_cast<std::size_t>(pick(6))];
      host.insert(host.find('.'), std::to_string(i));
      name_host(month, ip, host);
    }
    auto& when = pick(2) == 0 ? month.daily : month.late;
    const int kinds_of_it = 1 + pick(2);
    for (int k = 0; k < kinds_of_it; ++k) {
      when.push_back(
          group(ip, kinds[static_cast<std::size_t>(pick(7))], 1 + pick(pick(3) ? 4 : 40)));
    }
  }
  return month;
}

StepDecision decision(const Month& month, const Config& yaml, Fault fault) {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  for (int age = 40; age >= 1; --age) {
    std::vector<TrafficGroup> rows = month.daily;
    if (age <= 12) rows.insert(rows.end(), month.late.begin(), month.late.end());
    for (const char* reporter : {"a.example", "b.example"}) {
      put_report(store.value(), kToday - days(age), reporter, rows);
    }
  }
  const Result<Evidence> evidence =
      fold(store.value(), yaml, kNow, with_fault(month.names, fault, month.limit));
  REQUIRE(evidence);
  World world;
  world.now = kNow;
  world.evidence = *evidence;
  return step_of(yaml.domains.at(kDomain), yaml, world);
}

/// An office, a mailer known by its hosts, and a service known by its include tree alone.
Config declared() {
  Config yaml = config();
  yaml.reporters.known = {"a.example", "b.example"};
  Domain& domain = yaml.domains.at(kDomain);
  domain.senders->resize(2);
  Sender bulk{.id = "bulk", .name = "Bulk", .category = "marketing"};
  bulk.spf = {"include:spf.bulk.example"};
  bulk.builtin = true;
  yaml.senders.emplace(bulk.id, std::make_shared<const Sender>(bulk));
  domain.senders->push_back({.sender = yaml.senders.at("bulk")});
  return yaml;
}

TEST_CASE("no missing answer makes a decision more permissive") {
  const Config yaml = declared();
  const int months = std::getenv("RAMPART_WORLDS") ? 600 : 30;
  std::mt19937 random(20'261'129);
  std::map<std::string, int> reached;
  for (int i = 0; i < months; ++i) {
    const Month month = random_month(random);
    const StepDecision alive = decision(month, yaml, Fault::None);
    ++reached[alive.action == StepAction::Advance ? "advances" : "stays"];
    for (const Fault fault : kFaults) {
      const StepDecision silent = decision(month, yaml, fault);
      INFO("month " << i << ", fault " << static_cast<int>(fault) << ": "
                    << fmt::format("{}", fmt::join(alive.reasons, "; ")));
      const bool same_or_safer =
          silent.action != StepAction::Advance || alive.action == StepAction::Advance;
      CHECK(same_or_safer);
      if (silent.action == alive.action) continue;
      ++reached[fault == Fault::Slow ? "held by a slow one" : "held for lack of an answer"];
    }
  }
  INFO("advances " << reached["advances"] << ", stays " << reached["stays"] << ", held "
                   << reached["held for lack of an answer"] << ", by a slow resolver "
                   << reached["held by a slow one"]);
  CHECK(reached["advances"] >= months / 6);
  CHECK(reached["stays"] >= months / 6);
  CHECK(reached["held for lack of an answer"] >= months / 12);
  CHECK(reached["held by a slow one"] >= months / 30);
}

}  // namespace
}  // namespace rampart::reports
