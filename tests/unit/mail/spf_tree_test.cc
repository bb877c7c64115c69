/// The static cost of a tree, the addresses it admits, and address sets.
#include <catch2/catch.hpp>
#include <random>

#include "mail/spf/tree.h"
#include "tests/support/spf_zone.h"

namespace rampart::spf {
namespace {

const Name kDomain = Name::literal("example.com");

Tree tree_in(const std::string& record, const std::string& zone) {
  const Record parsed = parse(record).value();
  return tree_of(kDomain, parsed, answers_for_tree(TestZone(zone), kDomain, parsed));
}

struct Cost {
  const char* record;
  const char* zone;
  int lookups;
  int voids;
  bool lower_bound = false;
};

void check(const Cost& item) {
  const Tree tree = tree_in(item.record, item.zone);
  CAPTURE(item.record, item.zone);
  CHECK(tree.unknown.empty());
  CHECK(tree.lookups == item.lookups);
  CHECK(tree.void_lookups == item.voids);
  CHECK(tree.lower_bound == item.lower_bound);
}

TEST_CASE("the worst case counts every term, each occurrence again (section 4.6.4)") {
  check({"v=spf1 ip4:192.0.2.1 ip6:2001:db8:: ~all", "", 0, 0});
  check({"v=spf1 a mx ptr exists:e.example ~all",
         "example.com A 192.0.2.1\nexample.com MX 10 example.com\ne.example A 127.0.0.2", 4, 0});
  check({"v=spf1 ip4:0.0.0.0/0 a ~all", "example.com A 192.0.2.1", 1, 0});
  check({"v=spf1 a ~all mx include:x.example", "example.com A 192.0.2.1", 1, 0});
  check(
      {"v=spf1 include:a.example include:b.example ~all",
       "a.example TXT v=spf1 include:c.example ~all\nb.example TXT v=spf1 include:c.example ~all\n"
       "c.example TXT v=spf1 ip4:192.0.2.1 ~all",
       4, 0});
  check({"v=spf1 redirect=a.example", "a.example TXT v=spf1 ip4:192.0.2.1 ~all", 1, 0});
  check({"v=spf1 a:x.example a:y.example mx:z.example ~all", "", 3, 3});
  check({"v=spf1 a:x.example ~all", "x.example AAAA 2001:db8::1", 1, 0});
  check({"v=spf1 include:gone.example ~all", "", 1, 1, true});
  check({"v=spf1 include:bad.example ~all", "bad.example TXT !servfail", 1, 0, true});
  check({"v=spf1 include:bad.example ~all", "bad.example TXT v=spf1 bogus", 1, 0, true});
  check({"v=spf1 include:%{i}.x.example ~all", "", 1, 0, true});
  check({"v=spf1 exists:%{i}.x.example ~all", "", 1, 0});
  check({"v=spf1 exists:%{p}.x.example ~all", "", 2, 0});
  check({"v=spf1 include:_spf.%{d} ~all",
         "_spf.example.com TXT v=spf1 a:h.example ~all\n"
         "h.example A 192.0.2.1",
         2, 0});
  check({"v=spf1 include:example.com ~all", "", 12, 0, true});
}

TEST_CASE("a tree names what each node costs and why one cannot be used") {
  const Tree tree = tree_in("v=spf1 include:a.example include:gone.example ~all",
                            "a.example TXT v=spf1 a:h.example ip4:192.0.2.0/24 ~all\n"
                            "h.example A 198.51.100.1");
  REQUIRE(tree.root.children.size() == 2);
  CHECK(tree.root.addresses4 == 257);
  CHECK(tree.root.children[0].term == "include:a.example");
  CHECK(tree.root.children[0].lookups == 2);
  CHECK(tree.root.children[0].addresses4 == 257);
  CHECK(tree.root.children[0].children.at(0).domain == "h.example");
  CHECK(tree.root.children[1].problem == "does not exist");
}

TEST_CASE("missing answers are noted, level by level") {
  const Record record =
      parse("v=spf1 include:a.example mx a:h.example exists:e.example ~all").value();
  const Tree tree = tree_of(kDomain, record, {});
  std::vector<std::string> asked;
  for (const Question& question : tree.unknown) {
    asked.push_back(question.name.text() + " " + to_text(question.type));
  }
  CHECK(asked == std::vector<std::string>{"a.example TXT", "e.example A", "example.com MX",
                                          "h.example A", "h.example AAAA"});
}

TEST_CASE("a hopeless tree is not walked without end") {
  std::string zone;
  for (char name = 'a'; name < 'a' + 10; ++name) {
    zone += std::string(1, name) + ".example TXT v=spf1";
    for (char other = 'a'; other < 'a' + 10; ++other) {
      zone += std::string(" include:") + other + ".example";
    }
    zone += " ~all\n";
  }
  const Tree tree = tree_in("v=spf1 include:a.example include:b.example ~all", zone);
  CHECK(tree.lookups > 10);
  CHECK(tree.lookups < 100'000);
}

void check_networks(const char* record, const char* zone,
                    const std::vector<std::string>& networks) {
  const Record parsed = parse(record).value();
  const Answers answers = answers_for_tree(TestZone(zone), kDomain, parsed);
  CAPTURE(record, zone);
  std::vector<std::string> passed;
  for (const Network& network : admitted_by(kDomain, parsed, answers).pass.networks()) {
    passed.push_back(to_text(network));
  }
  CHECK(passed == networks);
}

TEST_CASE("the networks that a record passes, aggregated") {
  check_networks("v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 ~all", "", {"192.0.2.0/24"});
  check_networks("v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ~all", "", {"192.0.2.1/32", "192.0.2.2/32"});
  check_networks("v=spf1 -ip4:192.0.2.0/26 ip4:192.0.2.0/24 ~all", "",
                 {"192.0.2.64/26", "192.0.2.128/25"});
  check_networks("v=spf1 ip4:192.0.2.0/24 -ip4:192.0.2.0/26 ~all", "", {"192.0.2.0/24"});
  check_networks("v=spf1 ?ip4:192.0.2.1 ~all", "", {});
  check_networks(
      "v=spf1 a/31 mx ~all",
      "example.com A 192.0.2.7\nexample.com AAAA 2001:db8::7\nexample.com MX 5 m.example\n"
      "m.example A 192.0.2.8",
      {"192.0.2.6/31", "192.0.2.8/32", "2001:db8::7/128"});
  check_networks("v=spf1 include:a.example ~all",
                 "a.example TXT v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/31 ~all", {"192.0.2.0/32"});
  check_networks("v=spf1 -include:a.example ip4:192.0.2.0/30 ~all",
                 "a.example TXT v=spf1 ip4:192.0.2.0/31 ~all", {"192.0.2.2/31"});
  check_networks("v=spf1 -ip4:192.0.2.0/25 redirect=a.example",
                 "a.example TXT v=spf1 ip4:192.0.2.0/24 ~all", {"192.0.2.128/25"});
  check_networks("v=spf1 -ip6:::/0 all", "", {"0.0.0.0/0"});
  check_networks("v=spf1 exists:e.example -all", "e.example A 127.0.0.2", {"0.0.0.0/0", "::/0"});
  check_networks("v=spf1 ip6:2001:db8::/33 ip6:2001:db8:8000::/33 ip4:0.0.0.0/1 ip4:128.0.0.0/1",
                 "", {"0.0.0.0/0", "2001:db8::/32"});
}

Network random_network(std::mt19937& random) {
  Network network{.ip = {.v6 = random() % 2 == 0}};
  // Few distinct addresses, so that networks meet.
  network.ip.octets[0] = static_cast<std::uint8_t>(random() % 2 * 128);
  network.ip.octets[3] = static_cast<std::uint8_t>(random());
  network.length = static_cast<int>(random() % 33);
  return network;
}

TEST_CASE("sets of addresses obey the laws of sets") {
  std::mt19937 random(7208);
  for (int round = 0; round < 300; ++round) {
    std::vector<Network> some, others;
    for (int i = 0; i < 6; ++i) {
      some.push_back(random_network(random));
      others.push_back(random_network(random));
    }
    const IpSet a = IpSet::of(some), b = IpSet::of(others);
    CHECK(IpSet::of(a.networks()) == a);
    CHECK(a.united(b) == b.united(a));
    CHECK(a.common(b).united(a.without(b)) == a);
    CHECK(a.without(b).common(b).empty());
    CHECK(a.united(b).count4() == a.count4() + b.count4() - a.common(b).count4());
    CHECK(IpSet::everything().without(IpSet::everything().without(a)) == a);
    for (const Network& network : some) CHECK(a.contains(network.ip));
  }
}

}  // namespace
}  // namespace rampart::spf
