/// Evidence is folded without listing every row's address; here it is compared with the rows of a
/// whole analysis, added up one by one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "mail/spf/message.h"
#include "reports/analysis/evidence.h"
#include "tests/support/report_scene.h"

namespace rampart::reports {
namespace {

using namespace testing;
using std::chrono::days;

const Name kDomain = Name::literal("example.com");
constexpr std::size_t kNamed = 100;

struct Scene {
  Config yaml = config();
  std::map<Question, std::string> names;
  struct Report {
    Date day;
    std::string reporter;
    std::vector<TrafficGroup> rows;
  };
  std::vector<Report> reports;
};

void name_host(Scene& scene, const std::string& ip, const std::string& host) {
  scene.names[{spf::reverse_name(*spf::Ip::parse(ip)), RecordType::PTR}] = host;
  scene.names[{Name::literal(host), ip.find(':') == ip.npos ? RecordType::A : RecordType::AAAA}] =
      ip;
}

std::vector<Facts> kinds_of_mail() {
  std::vector<Facts> kinds = {facts(Mail::Nothing),
                              facts(Mail::Nothing),
                              facts(Mail::OwnBounce),
                              facts(Mail::BrokenDkim),
                              facts(Mail::ForeignDkim),
                              facts(Mail::SpfOnly),
                              facts(Mail::Both, "office"),
                              facts(Mail::DkimOnly, "m1"),
                              facts(Mail::DkimOnly, ""),
                              facts(Mail::DkimOnly, "k1"),
                              of_service("known.example", AuthResult::Fail),
                              of_service("known.example", AuthResult::Pass),
                              of_service("mailer.example", AuthResult::Fail),
                              of_service("mailer.example", AuthResult::Pass),
                              overridden("mailing_list"),
                              overridden("local_policy", "arc=pass")};
  for (const char* author : {"news.example.com", "made.up.example.com"}) {
    for (const Mail mail : {Mail::Nothing, Mail::Both}) {
      kinds.push_back(facts(mail));
      kinds.back().results.header_from = author;
    }
  }
  return kinds;
}

// Few addresses, so that mail of different kinds meets at each.
Scene random_scene(std::mt19937& random) {
  const auto pick = [&](std::size_t most) { return random() % most; };
  constexpr std::array<const char*, 7> kHosts = {
      "mx.example.com",    "out.mailer.example", "out.known.example", "a.relay.example",
      "b.partner.example", "c.isp.example",      "d.gateway.example"};
  Scene scene;
  scene.yaml.reporters.known = {"a.example", "b.example"};
  auto& ignored = scene.yaml.domains.at(kDomain).ignored_sources;
  if (pick(3) == 0) ignored.push_back({"198.51.100.3", "theirs", {}});
  if (pick(3) == 0) ignored.push_back({"known", "a newsletter", {}});
  if (pick(2) == 0) {
    const Name news = Name::literal("news.example.com");
    scene.yaml.domains.emplace(news, rampart::testing::domain_at(news.text(), {}));
  }
  std::vector<std::string> ips = {"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"};
  for (int i = 1; i < 9; ++i) ips.push_back("198.51.100." + std::to_string(i));
  for (std::size_t i = 0; i < ips.size(); ++i) {
    if (pick(2) == 0) continue;
    std::string host = kHosts[pick(kHosts.size())];
    host.insert(host.find('.'), std::to_string(i));
    name_host(scene, ips[i], host);
  }
  const std::vector<Facts> kinds = kinds_of_mail();
  for (int age = 1; age <= 4; ++age) {
    for (const char* reporter : {"a.example", "b.example", "unknown.example"}) {
      Scene::Report report{kToday - days(age), reporter, {}};
      for (std::size_t i = pick(14) + 1; i > 0; --i) {
        report.rows.push_back(group(ips[pick(ips.size())], kinds[pick(kinds.size())],
                                    static_cast<std::int64_t>(pick(9)) + 1));
      }
      scene.reports.push_back(std::move(report));
    }
  }
  return scene;
}

Store stored(const Scene& scene) {
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  for (const auto& [day, reporter, rows] : scene.reports) {
    put_report(store.value(), day, reporter, rows);
  }
  return std::move(store).value();
}

/// What evidence has of one row.
struct Parts {
  std::string source;
  std::string lacks;
  Name author;
  DmarcOutcome outcome = DmarcOutcome::Fail;
  bool marked = false;
  std::vector<std::string> selectors;
  PassedDomains passed;
};

/// Evidence as it is defined: every row of a whole analysis, with its source's name.
class Recomputed {
 public:
  Recomputed(Store& store, const Scene& scene, const Resolve& resolve)
      : store_(store), config_(scene.yaml), context_(naming_of(config_, kDomain, kNow, resolve)) {
    auto groups = read_traffic_groups(store, kAll, {Trust::Verified, context_.counts});
    REQUIRE(groups);
    HostNames hosts = find_hosts(*groups, store, context_);
    NamingCache cache(config_, store, resolve, kNow);
    analysis_ = analyse_groups(kAll, std::move(*groups), std::move(hosts), context_, cache);
    choose_named();
  }

  std::map<std::string, std::int64_t> lines() {
    std::map<std::string, std::int64_t> lines;
    StoreLookup lookup(store_);
    GroupIndex index;
    index.build(analysis_.groups.groups);
    REQUIRE(store_.for_each_row(kAll, [&](const StoredRow& row) {
      const StoredReport& report = lookup.report(row.report);
      TrafficGroup key{.ip = row.ip,
                       .trust = Trust::Verified,
                       .facts_id = static_cast<std::uint32_t>(row.facts)};
      key.counts = report_counts(report, {Trust::Verified, context_.counts});
      const std::size_t at = index.find(analysis_.groups.groups, key);
      REQUIRE(at < analysis_.groups.groups.size());
      lines[line(row.day, report.reporter, parts(at))] += row.count;
    }));
    return lines;
  }

  static std::string line(Date day, const std::string& reporter, const Parts& parts) {
    std::string passed;
    for (const Name& one : parts.passed.dkim) passed += " d=" + one.text();
    for (const Name& one : parts.passed.spf) passed += " spf=" + one.text();
    return fmt::format("{} {} {} {} {}{} lacks '{}' {}{}", rampart::to_text(day), reporter,
                       parts.author.text(), parts.source, static_cast<int>(parts.outcome),
                       parts.marked ? "!" : "", parts.lacks, fmt::join(parts.selectors, ","),
                       passed);
  }

 private:
  static inline const Range kAll{"example.com", kToday - days(200), kToday};

  std::string label(std::size_t at) const {
    const Classification& one = analysis_.classifications[at];
    return one.label == kByAddress ? "ip:" + analysis_.groups.groups[at].ip.text()
                                   : analysis_.labels[one.label];
  }
  bool is_service(std::size_t at) const { return label(at).find(':') == std::string::npos; }
  bool is_anybodys(std::size_t at) const {
    const Classification& one = analysis_.classifications[at];
    return failed(one.category) && !one.marked() && !one.ignored && one.lacks == 0 &&
           !is_service(at);
  }

  void choose_named() {
    std::map<std::string, std::int64_t> messages;
    for (std::size_t i = 0; i < analysis_.classifications.size(); ++i) {
      if (is_anybodys(i) || is_service(i) || analysis_.classifications[i].ignored) continue;
      messages[label(i)] += analysis_.groups.groups[i].messages;
    }
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const auto& [name, count] : messages) order.emplace_back(-count, name);
    std::ranges::sort(order);
    for (std::size_t i = 0; i < std::min(order.size(), kNamed); ++i) named_.insert(order[i].second);
  }

  Parts parts(std::size_t at) const {
    const Classification& one = analysis_.classifications[at];
    const Facts& its = *analysis_.groups.groups[at].facts;
    const bool passed = its.dkim_aligned || its.spf_aligned;
    const Name author = Name::literal(its.results.header_from);
    Parts made{.source = std::string(kUnmarkedSources),
               .lacks = analysis_.lacks[one.lacks],
               .author = passed || config_.domains.contains(author) || author == kDomain
                             ? author
                             : names_below(kDomain),
               .outcome = its.dkim_aligned && its.spf_aligned   ? DmarcOutcome::Both
                          : its.dkim_aligned                    ? DmarcOutcome::DkimOnly
                          : its.spf_aligned                     ? DmarcOutcome::SpfOnly
                          : one.category == Category::Forwarded ? DmarcOutcome::Forwarded
                                                                : DmarcOutcome::Fail,
               .marked = one.marked(),
               .selectors = {},
               .passed = {}};
    if (is_anybodys(at)) return made;
    OrgDomains domains;
    made.passed = passed_domains(its, domains);
    for (const DkimAuth* signature : aligned_signatures(its, domains)) {
      if (!signature->selector.empty()) made.selectors.push_back(signature->selector);
    }
    made.source = label(at);
    if (is_service(at) || one.ignored || named_.contains(made.source)) return made;
    made.source = kOtherSources;
    if (!made.lacks.empty()) made.lacks = "the PTR records of further addresses";
    return made;
  }

  Store& store_;
  const Config& config_;
  NamingContext context_;
  Analysis analysis_;
  std::set<std::string> named_;
};

std::map<std::string, std::int64_t> folded(Store& store, const Scene& scene, const Resolve& resolve,
                                           std::size_t most_addresses = kMostListedAddresses) {
  const Result<Evidence> evidence =
      fold(store, scene.yaml, kNow, resolve, {.most_addresses = most_addresses});
  REQUIRE(evidence);
  std::map<std::string, std::int64_t> lines;
  for (const EvidenceRow& row : evidence->rows) {
    const Parts parts{row.source, row.lacks,     row.header_from, row.outcome,
                      row.marked, row.selectors, *row.passed};
    CHECK(lines.emplace(Recomputed::line(row.day, row.reporter, parts), row.messages).second);
  }
  return lines;
}

TEST_CASE("folded evidence is what every row adds up to") {
  const int scenes = std::getenv("RAMPART_WORLDS") ? 2'000 : 60;
  std::mt19937 random(13);
  for (int i = 0; i < scenes; ++i) {
    const Scene scene = random_scene(random);
    INFO("scene " << i);
    bool alive = random() % 4 != 0;
    Store store = stored(scene);
    Store other = stored(scene);
    const auto expected = Recomputed(other, scene, resolver(scene.names, alive)).lines();
    CHECK(folded(store, scene, resolver(scene.names, alive)) == expected);
    // Again with the names that are known by now, and with all but three addresses unlisted.
    if (alive) CHECK(folded(store, scene, resolver(scene.names, alive), 3) == expected);
  }
}

TEST_CASE("a wave that no answer explains keeps the same names as every row would give") {
  std::mt19937 random(14);
  Scene scene;
  scene.yaml.reporters.known = {"a.example"};
  for (int age = 1; age <= 2; ++age) {
    Scene::Report report{kToday - days(age), age == 1 ? "a.example" : "b.example", {}};
    for (int i = 0; i < 2'500; ++i) {
      const Mail mail = random() % 3 == 0 ? Mail::SpfOnly : Mail::Nothing;
      report.rows.push_back(group(fmt::format("203.0.{}.{}", random() % 8, random() % 256),
                                  facts(mail), static_cast<std::int64_t>(random() % 4) + 1));
    }
    scene.reports.push_back(std::move(report));
  }
  const bool alive = false;
  Store store = stored(scene);
  Store other = stored(scene);
  const Resolve silent = resolver(scene.names, alive);
  const auto expected = Recomputed(other, scene, silent).lines();
  CHECK(expected.size() > kNamed);
  CHECK(folded(store, scene, silent) == expected);
}

}  // namespace
}  // namespace rampart::reports
