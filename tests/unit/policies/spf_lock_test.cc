/// Refreshing spf.lock: two resolvers must agree, additions count at once, removals wait.
#include <catch2/catch.hpp>

#include "policies/spf/lock.h"
#include "tests/support/spf_zone.h"
#include "tests/unit/policies/spf_world.h"

namespace rampart {
namespace {

using Texts = std::vector<std::string>;
const Date kDay = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};
constexpr const char* kZone = R"(
  esp.example TXT v=spf1 ip4:203.0.113.0/24 ~all
  wide.example TXT v=spf1 ip4:10.0.0.0/8 ~all
  all.example TXT v=spf1 +all
  macro.example TXT v=spf1 exists:%{i}.m.example ~all
)";
constexpr const char* kTerm = "include:_spf.example.net";

ResolvedTerm view(const Texts& networks, bool complete = true) {
  return {{set_of(networks), {}, complete}, 2};
}

SpfLock lock_with(const Texts& networks) {
  return {{{kTerm, {.resolved = kDay - std::chrono::days(1), .networks = networks}}}};
}

TEST_CASE("a refresh is accepted only when two resolvers agree on something sound") {
  const auto check = [](const Texts& before, const std::vector<ResolvedTerm>& views,
                        const char* refused) {
    const Refresh refresh = refresh_lock(lock_with(before), {{kTerm, views}}, kDay);
    REQUIRE(refresh.refused.size() == 1);
    CAPTURE(refresh.refused[0]);
    CHECK(refresh.refused[0].find(refused) != std::string::npos);
    CHECK(refresh.lock == lock_with(before));
  };
  const Texts now = {"192.0.2.0/24"};
  check(now, {}, "only one resolver");
  check(now, {view(now)}, "only one resolver");
  check(now, {view(now), view({"192.0.2.0/25"})}, "disagree");
  check(now, {view(now), view(now, false)}, "completely");
  check(now, {view({}), view({})}, "admits no host");
  check({"192.0.2.0/24"}, {view({"192.0.2.0/26"}), view({"192.0.2.0/26"})}, "less than half");
  const Texts fewer4 = {"192.0.2.0/26", "2001:db8::/32"};
  check({"192.0.2.0/24", "2001:db8::/32"}, {view(fewer4), view(fewer4)}, "less than half");
  check({"192.0.2.0/24"}, {view({"10.0.0.0/12"}), view({"10.0.0.0/12"})}, "where spf.lock has 256");
  check({"2001:db8::/48"},
        {view({"2001:db8::/48", "2a00::/16"}), view({"2001:db8::/48", "2a00::/16"})},
        "it now admits 0 IPv4 addresses and 281474976776192 IPv6 /64 networks where spf.lock has 0 "
        "IPv4 addresses and 65536 IPv6 /64 networks");
  check({"10.0.0.0/8"}, {view({"10.0.0.0/7"}), view({"10.0.0.0/7"})}, "more than a /8");
  check({"2001:db8::/48"}, {view({"192.0.2.0/24"}), view({"192.0.2.0/24"})}, "less than half");
}

LockedTerm refreshed(const SpfLock& old, const Texts& now, Date day) {
  const Refresh refresh = refresh_lock(old, {{kTerm, {view(now), view(now)}}}, day);
  CHECK(refresh.refused.empty());
  return refresh.lock.terms.at(kTerm);
}

TEST_CASE("additions count at once") {
  const LockedTerm term = refreshed({}, {"192.0.2.0/25"}, kDay);
  CHECK(term.networks == Texts{"192.0.2.0/25"});
  CHECK(term.lookups == 2);
  CHECK(refreshed(lock_with({"192.0.2.0/25"}), {"192.0.2.0/24"}, kDay).networks ==
        Texts{"192.0.2.0/24"});
}

TEST_CASE("a term that is new is not taken over with a share of the internet") {
  const Texts everybody = {"0.0.0.0/0"};
  const Refresh refresh = refresh_lock({}, {{kTerm, {view(everybody), view(everybody)}}}, kDay);
  CHECK(refresh.refused.size() == 1);
  CHECK(refresh.lock.terms.empty());
}

TEST_CASE("removals wait seven days from when they were first seen") {
  const Texts before = {"192.0.2.0/24", "198.51.100.7/32"};
  const Texts now = {"192.0.2.0/24"};
  SpfLock lock = lock_with(before);
  for (int days = 0; days < 7; ++days) {
    const LockedTerm term = refreshed(lock, now, kDay + std::chrono::days(days));
    CHECK(term.networks == before);
    CHECK(term.leaving == std::map<std::string, Date>{{"198.51.100.7/32", kDay}});
    lock.terms[kTerm] = term;
  }
  const LockedTerm gone = refreshed(lock, now, kDay + std::chrono::days(7));
  CHECK(gone.networks == now);
  CHECK(gone.leaving.empty());
  CHECK(refreshed(lock, before, kDay + std::chrono::days(7)).leaving.empty());
}

TEST_CASE("a network waits from its own day, though its neighbour left before") {
  SpfLock lock = lock_with({"192.0.2.0/23"});
  lock.terms[kTerm] = refreshed(lock, {"192.0.2.0/24", "192.0.3.128/25"}, kDay);
  lock.terms[kTerm] = refreshed(lock, {"192.0.2.0/24"}, kDay + std::chrono::days(6));
  CHECK(lock.terms[kTerm].leaving ==
        std::map<std::string, Date>{{"192.0.3.0/25", kDay},
                                    {"192.0.3.128/25", kDay + std::chrono::days(6)}});
  CHECK(refreshed(lock, {"192.0.2.0/24"}, kDay + std::chrono::days(7)).networks ==
        Texts{"192.0.2.0/24", "192.0.3.128/25"});
}

TEST_CASE("a vendor that admits much more than spf.lock knows is reported") {
  const auto with_lock = [](const std::string& term, const std::vector<std::string>& networks) {
    Config config;
    config.senders = test_senders();
    const Domain domain = spf_domain({using_sender("office")});
    config.domains.emplace(domain.name, domain);
    World world = world_with({"v=spf1 " + term + " ~all"});
    const spf::TestZone zone(kZone);
    world.answers =
        spf::answers_for_tree(zone, domain.name, spf::parse("v=spf1 " + term + " ~all").value());
    world.spf_locks[domain.name].terms[term] = {.resolved = kToday, .networks = networks};
    Plan plan;
    plan.domains = {domain.name};
    std::vector<std::string> messages;
    for (const Finding& one : authority_wide(plan, config, world)) {
      CHECK(one.severity == Severity::Warning);
      messages.push_back(one.message);
    }
    return messages;
  };
  CHECK(with_lock("include:wide.example", {"10.0.0.0/16"}) ==
        std::vector<std::string>{"`include:wide.example` now admits 16777216 IPv4 addresses; "
                                 "spf.lock has 65536 IPv4 addresses of 2026-11-21"});
  CHECK(with_lock("include:wide.example", {"10.0.0.0/9"}).empty());
  CHECK(with_lock("include:esp.example", {"203.0.113.0/30"}).empty());
  CHECK(with_lock("include:all.example", {"203.0.113.0/30"}).size() == 2);
  CHECK(with_lock("include:macro.example", {"203.0.113.0/30"}).size() == 2);
  CHECK(with_lock("include:gone.example", {"203.0.113.0/30"}).empty());
}

TEST_CASE("a term that nobody asks for leaves the lock") {
  CHECK(refresh_lock(lock_with({"192.0.2.0/24"}), {}, kDay).lock.terms.empty());
}

}  // namespace
}  // namespace rampart
