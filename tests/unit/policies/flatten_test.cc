/// Flattening: the same addresses at fewer lookups, and nothing moves without need.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "policies/spf/flatten.h"
#include "policies/spf/flatten_pack.h"
#include "tests/support/spf_zone.h"

namespace rampart {
namespace {

using spf::TestZone;
using Texts = std::vector<std::string>;

const Name kDomain = Name::literal("example.com");
const Date kDay = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};

/// A lock of every term of the record that may be flattened, as the zone has it.
SpfLock lock_of(const spf::Record& record, const TestZone& zone) {
  SpfLock lock;
  for (const std::string& term : flattenable_terms(record)) {
    const spf::Record alone = spf::parse_terms(term).value();
    const Answers answers = spf::answers_for_tree(zone, kDomain, alone);
    const auto admitted = spf::admitted_by(kDomain, alone, answers);
    if (!admitted.complete) continue;
    lock.terms[term] = {.resolved = kDay,
                        .lookups = spf::tree_of(kDomain, alone, answers).lookups,
                        .networks = texts_of(admitted.pass)};
  }
  return lock;
}

FlatSpf flat_of(const std::string& record, const TestZone& zone, Flatten mode = Flatten::Always) {
  FlattenInput input{kDomain, spf::parse(record).value(), {}, mode};
  input.lock = lock_of(input.record, zone);
  return flatten(input);
}

Texts texts_of(const FlatSpf& flat) {
  Texts texts = {spf::print(flat.record)};
  for (const auto& [number, record] : flat.fragments) {
    texts.push_back(std::to_string(number) + " " + spf::print(record));
  }
  return texts;
}

TEST_CASE("what stays costs what DNS shows, a redirect too") {
  // RFC 7208 section 4.6.4: a redirect costs one, and all that its record costs.
  const auto flat = [](const std::string& record, std::map<std::string, int> costs) {
    FlattenInput input{kDomain, spf::parse(record).value(), {}};
    input.costs = std::move(costs);
    return flatten(input);
  };
  const FlatSpf whole =
      flat("v=spf1 redirect=_spf.example.com", {{"redirect=_spf.example.com", 13}});
  CHECK(whole.lookups == 13);
  CHECK(whole.redirect == "redirect=_spf.example.com");
  CHECK(flat("v=spf1 include:loop.example ~all", {{"include:loop.example", 12}}).lookups == 12);
  // Section 6.1: beside `all` it is ignored.
  const FlatSpf ended = flat("v=spf1 a ~all redirect=x.example", {{"redirect=x.example", 13}});
  CHECK(ended.lookups == 1);
  CHECK(ended.redirect.empty());
}

TEST_CASE("what costs lookups becomes networks, what depends on the message stays") {
  const TestZone zone(R"(
    one.example TXT v=spf1 ip4:198.51.100.0/25 include:two.example ~all
    two.example TXT v=spf1 ip4:198.51.100.128/25 -ip4:203.0.113.0/25 ip4:203.0.113.0/24 ~all
    macro.example TXT v=spf1 exists:%{i}.x.example ~all
    example.com A 192.0.2.7
    example.com AAAA 2001:db8::7
    example.com MX 10 m.example
    m.example A 192.0.2.6
  )");
  const auto check = [&](const std::string& record, const Texts& expected) {
    CAPTURE(record);
    CHECK(texts_of(flat_of(record, zone)) == expected);
  };
  check("v=spf1 include:one.example ~all",
        {"v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.128/25 ~all"});
  check("v=spf1 a mx -all", {"v=spf1 ip4:192.0.2.6/31 ip6:2001:db8::7 -all"});
  check("v=spf1 ip4:192.0.2.0/24 a//64 ~all", {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 ~all"});
  check("v=spf1 include:macro.example a ~all",
        {"v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 include:macro.example ~all"});
  check("v=spf1 a exists:%{i}.y.example ptr ~all",
        {"v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 exists:%{i}.y.example ptr ~all"});
  check("v=spf1 include:gone.example a ?all",
        {"v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 include:gone.example ?all"});
  check("v=spf1 -a mx ~include:one.example ~all",
        {"v=spf1 -a ip4:192.0.2.6 ~include:one.example ~all"});
  check("v=spf1 a -mx include:one.example x=y ~all",
        {"v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -mx ip4:198.51.100.0/24 ip4:203.0.113.128/25 ~all "
         "x=y"});
}

TEST_CASE("auto flattens only what is needed, the costliest first") {
  std::string zone_text = "deep.example TXT v=spf1";
  for (int i = 0; i < 6; ++i) zone_text += " include:d" + std::to_string(i) + ".example";
  zone_text += " ~all\n";
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    zone_text += "d" + n + ".example TXT v=spf1 ip4:198.51.100.1" + n + " ~all\n";
    zone_text += "s" + n + ".example TXT v=spf1 ip4:203.0.113.1" + n + " ~all\n";
  }
  const TestZone zone(zone_text);
  const auto check = [&](const std::string& record, const Texts& flattened) {
    CHECK(flat_of(record, zone, Flatten::Auto).flattened == flattened);
  };
  check("v=spf1 include:s0.example include:s1.example ~all", {});
  check("v=spf1 include:deep.example include:s0.example include:s1.example include:s2.example ~all",
        {});
  const std::string most =
      "v=spf1 include:deep.example include:s0.example include:s1.example "
      "include:s2.example include:s3.example ~all";
  check(most, {"include:deep.example"});
  CHECK(flat_of(most, zone, Flatten::Auto).lookups == 4);
  CHECK(flat_of(most, zone, Flatten::Never).lookups == 11);
}

/// Scattered addresses that do not aggregate.
SpfLock scattered(int count) {
  LockedTerm term{.resolved = kDay, .lookups = 3};
  for (int i = 0; i < count; ++i) {
    term.networks.push_back("10." + std::to_string(i / 100) + "." + std::to_string(i % 100) +
                            ".1/32");
  }
  return {{{"include:big.example", term}}};
}

FlattenInput big(SpfLock lock) {
  return {kDomain, spf::parse("v=spf1 ip4:192.0.2.0/28 include:big.example ~all").value(),
          std::move(lock)};
}

Packing packing_of(const FlatSpf& flat) {
  Packing packing;
  for (const auto& [number, record] : flat.fragments) {
    for (const spf::Directive& directive : record.directives) {
      if (directive.mechanism != spf::Mechanism::All) {
        packing[number].push_back(spf::print(directive));
      }
    }
  }
  return packing;
}

TEST_CASE("networks that do not fit are spread over fragments below 450 octets") {
  const FlatSpf flat = flatten(big(scattered(100)));
  CHECK(spf::print(flat.record) ==
        "v=spf1 ip4:192.0.2.0/28 include:_spf1.example.com include:_spf2.example.com "
        "include:_spf3.example.com include:_spf4.example.com ~all");
  CHECK(flat.lookups == 4);
  for (const auto& [number, record] : flat.fragments) {
    const auto octets = spf::print(record).size() + fragment_name(kDomain, number).text().size();
    CHECK(octets <= 450);
    CHECK((octets > 400 || number == 4));
  }
}

// The record with its owner name, which has to stay within 450 octets.
std::size_t octets_of(const FlatSpf& flat) {
  return kDomain.text().size() + spf::print(flat.record).size();
}

TEST_CASE("the record keeps its size where its own networks leave no room for the includes") {
  std::string own;
  for (int i = 10; i < 36; ++i) own += " ip4:172.16." + std::to_string(i) + ".1";
  const FlatSpf flat = flatten(
      {kDomain, spf::parse("v=spf1" + own + " include:big.example ~all").value(), scattered(60)});
  CHECK(flat.fragments.size() > 2);
  CHECK(octets_of(flat) <= 450);
  CHECK(spf::print(flat.record).find("ip4:") == std::string::npos);
}

TEST_CASE("a term before the networks takes its octets once") {
  const std::string text =
      "v=spf1 ?exists:%{i}." + std::string(60, 'x') + "." + std::string(60, 'y') + ".example ";
  const FlatSpf flat =
      flatten({kDomain, spf::parse(text + "include:big.example ~all").value(), scattered(15)});
  CHECK(flat.fragments.empty());
  CHECK(octets_of(flat) > 350);
  CHECK(octets_of(flat) <= 450);
}

TEST_CASE("a redirect costs what it leads to, but nothing beside `all`") {
  const auto flattened = [](const std::string& end) {
    FlattenInput input{kDomain, spf::parse("v=spf1 include:big.example " + end).value(),
                       scattered(2), Flatten::Auto};
    input.costs = {{"include:big.example", 3}, {"redirect=other.example", 9}};
    return flatten(input);
  };
  CHECK(flattened("redirect=other.example").flattened == Texts{"include:big.example"});
  CHECK(flattened("redirect=other.example").lookups == 9);
  CHECK(flattened("~all redirect=other.example").flattened.empty());
  CHECK(flattened("~all redirect=other.example").lookups == 3);
}

TEST_CASE("a name that leaves no room for the name of a fragment is not flattened") {
  const std::string label(61, 'a');
  const Name longest = Name::literal(label + "." + label + "." + label + "." + label + ".com");
  FlattenInput input = big(scattered(100));
  input.domain = longest;
  CHECK(flatten(input).record == input.record);
}

TEST_CASE("one changed address touches one fragment") {
  FlattenInput input = big(scattered(100));
  const FlatSpf before = flatten(input);
  input.published = packing_of(before);
  CHECK(packing_of(flatten(input)) == input.published);
  auto& networks = input.lock.terms.at("include:big.example").networks;
  networks[40] = "10.9.9.9/32";
  const Packing after = packing_of(flatten(input));
  int touched = 0;
  for (const auto& [number, terms] : after) touched += terms != input.published.at(number);
  CHECK(touched == 1);
  networks.erase(networks.begin() + 10);
  CHECK(packing_of(flatten(input)).size() == input.published.size());
}

TEST_CASE("packing afresh moves to unused names, and then stays") {
  FlattenInput input = big(scattered(200));
  input.published = packing_of(flatten(input));
  auto& networks = input.lock.terms.at("include:big.example").networks;
  std::erase_if(networks, [](const std::string& one) {
    return !one.ends_with("0.1/32") && !one.ends_with("5.1/32");
  });
  const Packing moved = packing_of(flatten(input));
  CHECK(moved.size() == 2);
  CHECK(moved.begin()->first == 1 + static_cast<int>(input.published.size()));
  input.published = moved;
  CHECK(packing_of(flatten(input)) == moved);
}

TEST_CASE("fragment names are known again") {
  CHECK(fragment_name(kDomain, 3) == Name::literal("_spf3.example.com"));
  const auto check = [](const char* name, int number) {
    CHECK(fragment_number(kDomain, Name::literal(name)) == number);
  };
  check("_spf12.example.com", 12);
  check("_spf0.example.com", 0);
  check("_spf01.example.com", 0);
  check("_spf.example.com", 0);
  check("_spf1a.example.com", 0);
  check("_spf1.other.example", 0);
  check("x._spf1.example.com", 0);
  check("example.com", 0);
}

// --- Random trees --------------------------------------------------------------------------------

/// Trees over few addresses, so that terms overlap; every include and host exists.
class Forest {
 public:
  explicit Forest(unsigned seed) : random_(seed) {}

  std::string term(int depth) {
    switch (pick(depth > 2 ? 3 : 6)) {
      case 0:
        return "ip4:10.0." + std::to_string(pick(2)) + "." + std::to_string(pick(64)) + "/" +
               std::to_string(24 + pick(9));
      case 1:
        return "ip6:2001:db8::" + std::to_string(pick(64)) + "/" + std::to_string(118 + pick(11));
      case 2:
        return "a:" + host() + (pick(2) ? "/" + std::to_string(28 + pick(5)) : "");
      case 3:
        return "mx:" + exchange();
      default:
        return "include:" + tree(depth + 1);
    }
  }

  std::string record(int depth) {
    std::string text = "v=spf1";
    const int terms = 1 + pick(5);
    for (int i = 0; i < terms; ++i) {
      text += std::string(" ") + std::string("++++-~?").substr(pick(7), 1) + term(depth);
    }
    const char* ends[] = {" ~all", " -all", " ?all", ""};
    const int end = pick(4);
    if (depth > 0 && depth < 3 && pick(6) == 0) return text + " redirect=" + tree(depth + 1);
    return text + ends[end];
  }

  TestZone zone;

 private:
  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

  std::string fresh() { return "n" + std::to_string(names_++) + ".example"; }

  std::string tree(int depth) {
    const std::string name = fresh();
    zone.add(name, "TXT", record(depth));
    return name;
  }

  std::string host() {
    const std::string name = fresh();
    zone.add(name, "A", "10.0." + std::to_string(pick(2)) + "." + std::to_string(pick(64)));
    if (pick(2)) zone.add(name, "AAAA", "2001:db8::" + std::to_string(pick(64)));
    return name;
  }

  std::string exchange() {
    const std::string name = fresh();
    zone.add(name, "MX", "10 " + host());
    return name;
  }

  std::mt19937 random_;
  int names_ = 0;
};

/// Each interval's ends and the addresses just outside.
std::vector<spf::Ip> edges_of(const spf::IpSet& set) {
  std::vector<spf::Ip> edges;
  const auto add = [&](const spf::Network& network, int step) {
    spf::Ip ip = network.ip;
    int carry = step;
    for (int i = ip.v6 ? 15 : 3; i >= 0 && carry != 0; --i) {
      const int sum = ip.octets[static_cast<std::size_t>(i)] + carry;
      ip.octets[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(sum & 255);
      carry = sum < 0 ? -1 : sum > 255 ? 1 : 0;
    }
    edges.push_back(ip);
  };
  for (const spf::Network& network : set.networks()) {
    add(network, -1);
    add(network, 0);
    const int hosts = (network.ip.v6 ? 128 : 32) - network.length;
    if (hosts > 16) continue;
    add(network, (1 << hosts) - 1);
    add(network, 1 << hosts);
  }
  return edges;
}

void check_tree(unsigned seed) {
  Forest forest(seed);
  const std::string text = forest.record(0);
  forest.zone.add("example.com", "TXT", text);
  const spf::Record record = spf::parse(text).value();
  const Answers answers = spf::answers_for_tree(forest.zone, kDomain, record);
  const spf::Tree tree = spf::tree_of(kDomain, record, answers);
  const FlatSpf flat = flat_of(text, forest.zone);
  TestZone published = forest.zone;
  Answers flat_answers = answers;
  flat_answers[{kDomain, RecordType::TXT}] = {.status = AnswerStatus::Data,
                                              .values = {spf::print(flat.record)}};
  for (const auto& [number, fragment] : flat.fragments) {
    flat_answers[{fragment_name(kDomain, number), RecordType::TXT}] = {
        .status = AnswerStatus::Data, .values = {spf::print(fragment)}};
  }
  const spf::IpSet before = spf::admitted_by(kDomain, record, answers).pass;
  const spf::IpSet after = spf::admitted_by(kDomain, flat.record, flat_answers).pass;
  CAPTURE(seed, text, spf::print(flat.record));
  CHECK(before == after);
  CHECK(flat.lookups <= tree.lookups);
  if (tree.lookups > 10) return;  // The original would be a permerror.
  Answers plain = answers;
  plain[{kDomain, RecordType::TXT}] = forest.zone.answer({kDomain, RecordType::TXT});
  spf::Evaluator original(plain), flattened(flat_answers);
  for (const spf::Ip& ip : edges_of(before)) {
    const spf::Client client{.ip = ip, .sender = "u@example.com", .helo = "h.example"};
    const auto a = original.check_host(client), b = flattened.check_host(client);
    if (!a.unknown.empty() || !b.unknown.empty() || a.outcome != b.outcome) {
      CAPTURE(ip.text());
      CHECK(to_text(a.outcome) == to_text(b.outcome));
      CHECK(a.unknown.empty());
      CHECK(b.unknown.empty());
    }
  }
}

TEST_CASE("flattened and original agree at every edge of random trees") {
  // The long run asks for more by the variable that property tests share.
  const bool many = std::getenv("RC_PARAMS") != nullptr;
  for (unsigned seed = 0; seed < (many ? 20'000u : 300u); ++seed) check_tree(seed);
}

}  // namespace
}  // namespace rampart
