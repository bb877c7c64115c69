/// Names that DNS gives to addresses: confirmed, kept through outages, and named where they lack.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "reports/analysis/analysis.h"
#include "tests/support/report_scene.h"

namespace rampart::reports {
namespace {

using namespace testing;

const std::map<Question, std::string> kDns = {
    {{Name::literal("1.2.0.192.in-addr.arpa"), RecordType::PTR}, "out.known.example"},
    {{Name::literal("2.2.0.192.in-addr.arpa"), RecordType::PTR}, "out.known.example"},
    {{Name::literal("out.known.example"), RecordType::A}, "192.0.2.1"},
    {{Name::literal("spf.bulk.example"), RecordType::TXT}, "v=spf1 ip4:198.51.100.0/24 -all"},
    {{Name::literal("spf.idle.example"), RecordType::TXT}, "v=spf1 ip4:198.51.0.0/16 -all"}};

TrafficGroups plain_groups(const std::vector<std::string>& ips) {
  TrafficGroups groups;
  for (const std::string& ip : ips) groups.groups.push_back(group(ip, facts(Mail::Nothing), 1));
  return groups;
}

TEST_CASE("a host counts only where it leads back, and its name outlives an outage") {
  bool alive = true;
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  const Config yaml = config();
  NamingContext context =
      naming_of(yaml, Name::literal("example.com"), kNow, resolver(kDns, alive));
  const TrafficGroups groups = plain_groups({"192.0.2.1", "192.0.2.2"});
  const spf::Ip good = groups.groups[0].ip;
  const auto names = [&] { return find_hosts(groups, store.value(), context).names; };
  const auto expected = names();
  CHECK(expected.size() == 1);
  CHECK(expected.at(good) == "out.known.example");
  alive = false;
  CHECK(names() == expected);
  context.now += std::chrono::days(400);
  const HostNames later = find_hosts(groups, store.value(), context);
  CHECK(later.names == expected);
  CHECK(later.unanswered.size() == 1);
  CHECK(later.unanswered.at(groups.groups[1].ip) == "the PTR record of 192.0.2.2");
}

TEST_CASE("no more addresses are looked up than the limit, the largest first") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  std::size_t asked = 0;
  const Resolve count = [&](Answers& answers, std::span<const Question> questions) {
    asked += questions.size();
    for (const Question& one : questions) answers[one].status = AnswerStatus::Failed;
  };
  TrafficGroups groups;
  for (int i = 0; i < 12'000; ++i) {
    groups.groups.push_back(group(fmt::format("10.0.{}.{}", i / 250, i % 250), facts(Mail::Nothing),
                                  i < 2'000 ? 1 : 2));
  }
  const Config yaml = config();
  const HostNames hosts =
      find_hosts(groups, store.value(), naming_of(yaml, Name::literal("example.com"), kNow, count));
  CHECK(asked == kMostLookups);
  CHECK(hosts.unanswered.size() == kMostLookups);
  CHECK_FALSE(hosts.unanswered.contains(groups.groups[0].ip));
  NamingContext few = naming_of(yaml, Name::literal("example.com"), kNow, count);
  few.lookups.most = 20;
  CHECK(find_hosts(groups, store.value(), few).unanswered.size() == 20);
}

TEST_CASE("what the time for lookups does not suffice for has no answer") {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  std::size_t asked = 0;
  const Resolve slow = [&](Answers& answers, std::span<const Question> questions) {
    asked += questions.size();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    for (const Question& one : questions) answers[one].status = AnswerStatus::NxDomain;
  };
  TrafficGroups groups;
  for (int i = 0; i < 3'000; ++i) {
    groups.groups.push_back(group(fmt::format("10.0.{}.{}", i / 250, i % 250), facts(Mail::Nothing),
                                  i < 2'900 ? 1 : 2));
  }
  const Config yaml = config();
  NamingContext context = naming_of(yaml, Name::literal("example.com"), kNow, slow);
  context.lookups.left =
      std::make_shared<std::chrono::steady_clock::duration>(std::chrono::milliseconds(1));
  const HostNames first = find_hosts(groups, store.value(), context);
  CHECK(asked > 0);
  CHECK(asked + first.unanswered.size() == 3'000);
  CHECK_FALSE(first.unanswered.contains(groups.groups.back().ip));
  CHECK(context.lookups.left->count() == 0);
  // Nothing is left for another domain; the next run goes on where this one ended.
  CHECK(find_hosts(groups, store.value(), context).unanswered == first.unanswered);
  context.lookups = {};
  CHECK(find_hosts(groups, store.value(), context).unanswered.empty());
  CHECK(asked == 3'000);
}

TEST_CASE("a table of addresses finds what it has, of both families") {
  AddressTable table;
  std::map<spf::Ip, std::uint32_t> slots;
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    spf::Ip ip{.v6 = random() % 3 == 0};
    const std::size_t octets = ip.v6 ? 16 : 4;
    for (std::size_t at = octets - 2; at < octets; ++at) {
      ip.octets[at] = static_cast<std::uint8_t>(random() % 100);
    }
    const auto known = slots.find(ip);
    CHECK(table.find(ip) == (known == slots.end() ? AddressTable::kNone : known->second));
    const std::uint32_t slot = slots.try_emplace(ip, table.size()).first->second;
    REQUIRE(table.find_or_add(ip) == slot);
    table.messages(slot) += i;
    CHECK(table.ip(slot) == ip);
  }
  CHECK(table.size() == slots.size());
}

/// example.com declares bulk by its include; idle is in the catalogue and includes bulk's network.
Config including() {
  Config made = config();
  Sender bulk{.id = "bulk", .name = "Bulk", .category = "marketing"};
  bulk.spf = {"include:spf.bulk.example"};
  bulk.builtin = true;
  Sender idle = bulk;
  idle.id = "idle";
  idle.spf = {"include:spf.idle.example"};
  for (const Sender& one : {bulk, idle}) {
    made.senders.emplace(one.id, std::make_shared<const Sender>(one));
  }
  Domain& domain = made.domains.at(Name::literal("example.com"));
  domain.senders->push_back({.sender = made.senders.at("bulk")});
  return made;
}

TEST_CASE("silence is unknown: what got no answer is named on every row it could change") {
  bool alive = true;
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  const Config yaml = including();
  NamingContext context =
      naming_of(yaml, Name::literal("example.com"), kNow, resolver(kDns, alive));
  const auto seen = [&](const char* ip, Facts its, Store& in) {
    TrafficGroups groups{.groups = {group(ip, std::move(its), 10)}};
    HostNames hosts = find_hosts(groups, in, context);
    NamingCache cache(yaml, in, context.resolve, context.now);
    const Analysis analysis = analyse_groups({"example.com", Date(), Date::max()},
                                             std::move(groups), std::move(hosts), context, cache);
    return analysis.source_of(0).label + " lacks " +
           analysis.lacks[analysis.classifications[0].lacks];
  };
  Store& kept = store.value();
  const Facts bad = facts(Mail::Nothing);
  CHECK(seen("198.51.100.7", bad, kept) == "bulk lacks ");
  CHECK(seen("198.51.7.7", bad, kept) == "idle lacks ");
  alive = false;
  // What was found once stays; a host name was never found.
  CHECK(seen("198.51.100.7", facts(Mail::BrokenDkim), kept) == "bulk lacks ");
  CHECK(seen("198.51.99.1", bad, kept) == "idle lacks the PTR record of 198.51.99.1");
  Result<Store> empty = Store::open(":memory:");
  REQUIRE(empty);
  CHECK(seen("198.51.100.7", bad, empty.value()) ==
        "ip:198.51.100.7 lacks the SPF record of spf.bulk.example");
  CHECK(seen("198.51.100.7", facts(Mail::DkimOnly, "m1"), empty.value()) == "mailer lacks ");
  CHECK(seen("192.0.2.7", bad, empty.value()) == "office lacks ");
  // Our surviving signature excuses nothing while the address may be a sender's own.
  CHECK(seen("198.51.100.7", facts(Mail::SpfOnly), empty.value()) ==
        "ip:198.51.100.7 lacks the SPF record of spf.bulk.example");
}

const std::map<Question, std::string> kPools = {
    {{Name::literal("pool.example"), RecordType::TXT}, "v=spf1 ip4:198.51.100.0/24 -all"},
    {{Name::literal("spf.all.example"), RecordType::TXT}, "v=spf1 include:mid.all.example -all"},
    {{Name::literal("mid.all.example"), RecordType::TXT},
     "v=spf1 include:pool.example ip4:203.0.113.0/28 -all"},
    {{Name::literal("spf.part.example"), RecordType::TXT},
     "v=spf1 ip4:198.51.100.64/28 include:pool.example -all"}};

/// A pool, and services that send through it: one authorizes all of it by a nested include, one
/// has hosts of its own in it, one names its include itself.
Config pooled() {
  Config made;
  const auto add = [&](const std::string& id, const std::string& host, const std::string& spf) {
    Sender one{.id = id, .name = id, .category = "transactional"};
    one.spf = {spf};
    one.envelope_domains = one.rdns = {host};
    one.builtin = true;
    made.senders.emplace(id, std::make_shared<const Sender>(one));
  };
  add("all", "all.example", "include:spf.all.example");
  add("brand", "brand.example", "include:pool.example");
  add("part", "part.example", "include:spf.part.example");
  add("pool", "pool.example", "include:pool.example");
  made.domains.emplace(Name::literal("example.com"),
                       rampart::testing::domain_at("example.com", {Phase::Monitor, 100}));
  return made;
}

TEST_CASE("an address of a shared pool is the pool's, not of a service that authorizes all of it") {
  const bool alive = true;
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  const Config yaml = pooled();
  NamingCache cache(yaml, store.value(), resolver(kPools, alive), kNow);
  const auto owner = [&](const char* ip, const char* host = "") {
    const auto& by_host = cache.senders().by_host(host);
    const Sender* found = cache.catalogue().find(*spf::Ip::parse(ip), by_host);
    return found == nullptr ? std::string() : found->id;
  };
  CHECK(owner("198.51.100.7") == "pool");
  CHECK(owner("198.51.100.70") == "part");
  CHECK(owner("203.0.113.3") == "all");
  CHECK(owner("203.0.113.99").empty());
  // Its own host name in the pool shows a service that sends through it.
  CHECK(owner("198.51.100.7", "o1.all.example") == "all");
  CHECK(owner("198.51.100.7", "o1.brand.example") == "brand");
  CHECK(owner("198.51.100.70", "o1.pool.example") == "part");
  CHECK(owner("203.0.113.99", "o1.all.example").empty());
}

}  // namespace
}  // namespace rampart::reports
