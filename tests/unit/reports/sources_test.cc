/// Naming sources and categorizing their mail: some four hundred synthetic ones over every branch.
#include "reports/analysis/sources.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "reports/analysis/evidence.h"
#include "tests/support/gate_rate.h"
#include "tests/support/policy_world.h"

namespace rampart::reports {
namespace {

const Time kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};
const Date kToday = std::chrono::floor<std::chrono::days>(kNow);

std::shared_ptr<const Sender> sender(const std::string& id, const std::string& host,
                                     const std::string& spf, const std::string& selector) {
  Sender made{.id = id, .name = id, .category = "marketing"};
  if (!host.empty()) made.rdns = {host};
  if (!spf.empty()) made.spf = {spf};
  if (!selector.empty()) made.selectors = {selector};
  made.spf_aligns = Aligns::Optional;
  made.dkim_aligns = Aligns::Yes;
  return std::make_shared<const Sender>(made);
}

/// example.com declares an office, a mailer known by its hosts and one known by its key alone.
Config config() {
  Config made;
  const auto add = [&](std::shared_ptr<const Sender> one) { made.senders.emplace(one->id, one); };
  add(sender("office", "", "ip4:192.0.2.0/24", "office"));
  add(sender("mailer", "mailer.example", "", "m1"));
  add(sender("keyed", "", "", "k1"));
  add(sender("known", "known.example", "", "n1"));
  Sender relay{.id = "relay", .name = "relay", .category = "forwarding"};
  relay.rdns = {"relay.example"};
  add(std::make_shared<const Sender>(relay));
  Sender gateway{.id = "gateway", .name = "gateway", .category = "security_gateway"};
  gateway.rdns = {"gateway.example"};
  gateway.dkim_aligns = Aligns::No;
  add(std::make_shared<const Sender>(gateway));
  Domain domain = testing::domain_at("example.com", {Phase::Monitor, 100});
  domain.senders.emplace();
  for (const char* id : {"office", "mailer", "keyed"}) {
    domain.senders->push_back({.sender = made.senders.at(id)});
  }
  domain.ignored_sources = {{"ptr:partner.example", "their forwarder", {}}};
  made.domains.emplace(domain.name, domain);
  return made;
}

enum class Mail { Both, DkimOnly, SpfOnly, Nothing, OwnBounce, ForeignDkim };

Facts facts(Mail mail, const std::string& selector = "x9") {
  Facts made;
  RecordResults& results = made.results;
  results.header_from = "example.com";
  made.dkim_aligned = mail == Mail::Both || mail == Mail::DkimOnly;
  made.spf_aligned = mail == Mail::Both || mail == Mail::SpfOnly;
  if (made.dkim_aligned) results.dkim = {{"example.com", selector, AuthResult::Pass}};
  if (mail == Mail::ForeignDkim) results.dkim = {{"evil.example", "e1", AuthResult::Pass}};
  const bool ours = made.spf_aligned || mail == Mail::OwnBounce;
  results.spf = {{ours ? "example.com" : "bounce.example", false,
                  made.spf_aligned ? AuthResult::Pass : AuthResult::Fail}};
  return made;
}

Facts overridden(const std::string& type, const std::string& comment = "") {
  Facts made = facts(Mail::Nothing);
  made.results.overrides = {{type, comment}};
  return made;
}

/// What one source sends, and what it should be taken for.
struct Branch {
  std::string story;
  std::string host;  ///< {} is the number; empty: no confirmed host.
  std::vector<std::pair<Facts, Trust>> mail;
  Category expected;  ///< Of the last kind of mail.
  std::string label;  ///< Beginning of the name.
  int sources = 25;
  std::string network = "198.51.{}.";
};

using Sent = std::pair<Facts, Trust>;

Sent verified(Facts one) { return {std::move(one), Trust::Verified}; }

Sent asserted(Facts one) { return {std::move(one), Trust::Asserted}; }

Facts dkim(const char* selector) { return facts(Mail::DkimOnly, selector); }

const std::vector<Branch> kBranches = {
    {"the office",
     "",
     {verified(facts(Mail::Both, "office"))},
     Category::Pass,
     "office",
     20,
     "192.0.2."},
    {"the office, unsigned",
     "",
     {verified(facts(Mail::SpfOnly))},
     Category::Partial,
     "office",
     20,
     "192.0.2.1"},
    {"the office, unsigned and bounced",
     "",
     {verified(facts(Mail::Nothing))},
     Category::MissingDkim,
     "office",
     20,
     "192.0.2.2"},
    {"a mailer by design",
     "out{}.mailer.example",
     {verified(dkim("m1"))},
     Category::Partial,
     "mailer"},
    {"a mailer that does not sign",
     "out{}.mailer.example",
     {verified(facts(Mail::Nothing))},
     Category::MissingDkim,
     "mailer"},
    {"known by its key", "", {verified(dkim("k1"))}, Category::Partial, "keyed"},
    {"known by its key, which one reporter leaves out",
     "",
     {verified(dkim("k1")), verified(dkim(""))},
     Category::Partial,
     "keyed"},
    {"a key that nobody names", "", {verified(dkim(""))}, Category::Partial, "ip:"},
    {"a forwarder",
     "mx.forward{}.example",
     {verified(dkim("m1")), verified(facts(Mail::Nothing))},
     Category::Forwarded,
     "ptr:"},
    {"a forwarder without a host",
     "",
     {verified(dkim("k1")), verified(facts(Mail::ForeignDkim))},
     Category::Forwarded,
     "ip:"},
    {"a forwarder of the catalogue",
     "a{}.relay.example",
     {verified(facts(Mail::Nothing))},
     Category::Forwarded,
     "relay"},
    {"a mailing list",
     "lists{}.club.example",
     {verified(overridden("mailing_list"))},
     Category::Forwarded,
     "ptr:"},
    {"ARC",
     "",
     {verified(overridden("local_policy", "arc=pass as[1].d=x"))},
     Category::Forwarded,
     "ip:"},
    {"known, our bounces",
     "n{}.known.example",
     {verified(facts(Mail::OwnBounce))},
     Category::MissingSpf,
     "known"},
    {"known, its bounces",
     "n{}.known.example",
     {verified(facts(Mail::Nothing))},
     Category::MissingDkim,
     "known"},
    {"a gateway",
     "n{}.gateway.example",
     {verified(facts(Mail::Nothing))},
     Category::MissingSpf,
     "gateway"},
    {"a spoofer", "", {verified(facts(Mail::Nothing))}, Category::Unauthorized, "ip:", 40},
    {"a spoofer as our bounce",
     "",
     {verified(facts(Mail::OwnBounce))},
     Category::Unauthorized,
     "ip:"},
    {"a spoofer who signs as himself",
     "vm{}.cloud.example",
     {verified(facts(Mail::ForeignDkim))},
     Category::Unauthorized,
     "ptr:"},
    {"a spoofer with an excuse of his own",
     "",
     {asserted(overridden("forwarded"))},
     Category::Unauthorized,
     "ip:"},
    {"a spoofer whose forged report says we signed",
     "",
     {asserted(dkim("m1")), verified(facts(Mail::Nothing))},
     Category::Unauthorized,
     "ip:"},
    {"local policy without ARC",
     "",
     {verified(overridden("local_policy", "arc=fail"))},
     Category::Unauthorized,
     "ip:"},
    {"sampled out", "", {verified(overridden("sampled_out"))}, Category::Unauthorized, "ip:"},
    {"a host that resembles",
     "x{}.notknown.example",
     {verified(facts(Mail::Nothing))},
     Category::Unauthorized,
     "ptr:"},
    {"a host that contains",
     "known.example.evil{}.example",
     {verified(facts(Mail::Nothing))},
     Category::Unauthorized,
     "ptr:"},
};

/// Everything of all branches at once.
struct Scene {
  TrafficGroups groups;
  std::map<spf::Ip, std::string> hosts;
  std::map<spf::Ip, const Branch*> truth;
};

Scene scene(const std::vector<Branch>& all) {
  Scene made;
  int number = 0;
  for (const Branch& branch : all) {
    for (int i = 0; i < branch.sources; ++i, ++number) {
      const bool office = branch.network.starts_with("192");
      const std::string text =
          office ? fmt::format("{}{}", branch.network, 10 + i)
                 : fmt::format("198.{}.{}.{}", 51 + number / 10'000, number / 100, number % 100);
      const spf::Ip ip = *spf::Ip::parse(text);
      if (!branch.host.empty()) {
        made.hosts.emplace(ip, fmt::format(fmt::runtime(branch.host), number));
      }
      made.truth.emplace(ip, &branch);
      for (const auto& [its, trust] : branch.mail) {
        made.groups.groups.push_back(
            {ip, std::make_shared<const Facts>(its), 0, trust, 10, {kToday}});
      }
    }
  }
  return made;
}

TEST_CASE("sources of every branch are named and evaluated") {
  const Config yaml = config();
  const Name name = Name::literal("example.com");
  const NamingContext context = naming_of(yaml, name, kNow, {});
  const Scene made = scene(kBranches);
  REQUIRE(made.truth.size() >= 300);
  Answers answers;
  const auto sources = name_sources(made.groups, made.hosts, context, answers);
  const auto categories = categorize_all(made.groups, sources, context);
  std::array<int, kCategories> results{};
  std::array<int, kCategories> real{};
  std::array<int, kCategories> right{};
  for (std::size_t i = 0; i < made.groups.groups.size(); ++i) {
    const TrafficGroup& group = made.groups.groups[i];
    const bool last =
        i + 1 == made.groups.groups.size() || made.groups.groups[i + 1].ip != group.ip;
    if (!last) continue;
    const Branch& branch = *made.truth.at(group.ip);
    INFO(branch.story << " " << group.ip.text() << ": " << sources.at(group.ip).label << " "
                      << to_text(categories[i]));
    CHECK(sources.at(group.ip).label.starts_with(branch.label));
    CHECK(categories[i] == branch.expected);
    const auto at = [](Category one) { return static_cast<std::size_t>(one); };
    ++results[at(categories[i])];
    ++real[at(branch.expected)];
    right[at(branch.expected)] += categories[i] == branch.expected ? 1 : 0;
  }
  for (std::size_t i = 0; i < kCategories; ++i) {
    fmt::print("{}: precision {:.3f}, recall {:.3f} of {}\n", to_text(static_cast<Category>(i)),
               results[i] == 0 ? 1.0 : static_cast<double>(right[i]) / results[i],
               real[i] == 0 ? 1.0 : static_cast<double>(right[i]) / real[i], real[i]);
  }
}

TrafficGroup group(const std::string& ip, Facts its, std::int64_t messages, int days = 1) {
  TrafficGroup made{*spf::Ip::parse(ip),
                    std::make_shared<const Facts>(std::move(its)),
                    0,
                    Trust::Verified,
                    messages,
                    {}};
  for (int i = days; i > 0; --i) made.days.push_back(kToday - std::chrono::days(i - 1));
  return made;
}

/// The legitimate rate of some mail, or -1; the gates must give the same.
double legit(std::vector<TrafficGroup> groups,
             const std::map<std::string, std::string>& hosts = {}) {
  static const Config yaml = config();
  const NamingContext context = naming_of(yaml, Name::literal("example.com"), kNow, {});
  TrafficGroups all{.groups = std::move(groups)};
  std::map<spf::Ip, std::string> by_ip;
  for (const auto& [ip, host] : hosts) by_ip.emplace(*spf::Ip::parse(ip), host);
  Answers answers;
  const auto sources = name_sources(all, by_ip, context, answers);
  const Summary summary = summarize({"example.com", Date(), Date::max()}, all, sources, context);
  const double rate = summary.legit_rate.value_or(-1);
  CHECK(testing::gate_rate(all, sources, context) == rate);
  return rate;
}

TEST_CASE("the legitimate rate counts declared and unresolved sources alone") {
  const Facts good = facts(Mail::Both, "office");
  const Facts bad = facts(Mail::Nothing);
  const TrafficGroup office = group("192.0.2.1", good, 90);
  CHECK(legit({}) == -1);
  CHECK(legit({office}) == 1);
  CHECK(legit({office, group("192.0.2.2", bad, 10)}) == 0.9);
  // A wave of spoofing, however large: two days, or many sources of little each.
  CHECK(legit({office, group("203.0.113.1", bad, 100'000, 2)}) == 1);
  // Three days with half a percent.
  CHECK(legit({office, group("203.0.113.1", bad, 10, 3)}) == 0.9);
  CHECK(legit({group("192.0.2.1", good, 100'000), group("203.0.113.1", bad, 499, 3)}) == 1);
  // A host of the YAML's own domain, on one day.
  CHECK(legit({office, group("203.0.113.1", bad, 10)}, {{"203.0.113.1", "web.example.com"}}) ==
        0.9);
  // It passed as us before.
  CHECK(legit({office, group("203.0.113.1", facts(Mail::SpfOnly), 5),
               group("203.0.113.1", bad, 5)}) == 0.95);
  // Forwarding is no one's fault, nor what the YAML ignores.
  CHECK(legit({office, group("203.0.113.1", facts(Mail::DkimOnly, "office"), 10),
               group("203.0.113.1", bad, 10, 5)},
              {{"203.0.113.1", "mx.forward.example"}}) == 1);
  CHECK(legit({office, group("203.0.113.1", bad, 10, 9)},
              {{"203.0.113.1", "mx.partner.example"}}) == 1);
}

TEST_CASE("a host counts only where it leads back") {
  const spf::Ip good = *spf::Ip::parse("192.0.2.1");
  const spf::Ip liar = *spf::Ip::parse("192.0.2.2");
  const auto resolve = [](Answers& answers, std::span<const Question> questions) {
    const std::map<Question, std::string> table = {
        {{Name::literal("1.2.0.192.in-addr.arpa"), RecordType::PTR}, "out.known.example"},
        {{Name::literal("2.2.0.192.in-addr.arpa"), RecordType::PTR}, "out.known.example"},
        {{Name::literal("out.known.example"), RecordType::A}, "192.0.2.1"}};
    for (const Question& one : questions) {
      const auto found = table.find(one);
      answers[one] = found == table.end() ? Answer{.status = AnswerStatus::NxDomain}
                                          : Answer{AnswerStatus::Data, {found->second}, {}, {}, ""};
    }
  };
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  const Config yaml = config();
  const auto hosts = find_hosts({good, liar}, store.value(),
                                naming_of(yaml, Name::literal("example.com"), kNow, resolve));
  CHECK(hosts == std::map<spf::Ip, std::string>{{good, "out.known.example"}});
  // Remembered: nothing is queried again.
  CHECK(find_hosts({good, liar}, store.value(),
                   naming_of(yaml, Name::literal("example.com"), kNow, {})) == hosts);
}

TEST_CASE("evidence survives its file") {
  const EvidenceRow row{.day = kToday,
                        .policy_domain = Name::literal("example.com"),
                        .header_from = Name::literal("a.example.com"),
                        .reporter = "google.com",
                        .source = "ptr:example.net",
                        .outcome = DmarcOutcome::DkimOnly,
                        .selectors = {"s1", "s2"},
                        .selectors_reported = true,
                        .published = {dmarc::Policy::Quarantine, 10, true},
                        .messages = 9'000'000'000};
  EvidenceRow bare = row;
  bare.outcome = DmarcOutcome::Forwarded;
  bare.selectors.clear();
  bare.selectors_reported = false;
  bare.published = {};
  for (const Evidence& one : {Evidence{}, Evidence{kNow, {row, bare}}, Evidence{{}, {bare}}}) {
    const Result<Evidence> back = evidence_from_json(evidence_to_json(one));
    REQUIRE(back);
    CHECK(*back == one);
  }
  for (const char* bad : {"", "[]", "{}", R"({"evidence_version": 2, "rows": []})",
                          R"({"evidence_version": 1, "rows": [{}]})",
                          R"({"evidence_version": 1, "newest": "soon", "rows": []})"}) {
    INFO(bad);
    CHECK_FALSE(evidence_from_json(bad));
  }
}

TEST_CASE("facts survive the store's text") {
  for (const Facts& one :
       {facts(Mail::Both), facts(Mail::ForeignDkim), overridden("forwarded", "a, b; c"), Facts{}}) {
    CHECK(decode(encode(one)) == one);
  }
  CHECK_FALSE(decode(""));
  CHECK_FALSE(decode("0000"));
}

}  // namespace
}  // namespace rampart::reports
