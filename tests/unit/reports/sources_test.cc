/// Naming sources and categorizing their mail: some four hundred synthetic ones over every branch.
#include "reports/analysis/summary.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/support/report_scene.h"

namespace rampart::reports {
namespace {

using namespace testing;

/// What one source sends, and what it should be taken for.
struct Branch {
  std::string story;
  std::string host;  ///< {} is replaced by the number; empty: no confirmed host.
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
    {"another customer of a mailer",
     "out{}.mailer.example",
     {verified(of_service("mailer.example", AuthResult::Pass))},
     Category::Unauthorized,
     "mailer"},
    {"a mailer whose key is gone",
     "",
     {verified(facts(Mail::BrokenDkim, "m1"))},
     Category::Unauthorized,
     "ip:"},
    {"the same at its host",
     "out{}.mailer.example",
     {verified(facts(Mail::BrokenDkim, "m1"))},
     Category::MissingDkim,
     "mailer"},
    {"a mailer that signs no more",
     "",
     {verified(dkim("m1")), verified(of_service("mailer.example", AuthResult::Pass))},
     Category::MissingDkim,
     "mailer"},
    {"the same at its host",
     "out{}.mailer.example",
     {verified(dkim("m1")), verified(of_service("mailer.example", AuthResult::Pass))},
     Category::MissingDkim,
     "mailer"},
    {"a claimed bounce domain",
     "",
     {verified(of_service("mailer.example", AuthResult::Fail))},
     Category::Unauthorized,
     "mailer"},
    {"a mailer's mail through a forwarder",
     "mx.forward{}.example",
     {verified(facts(Mail::Nothing)), verified(dkim("m1"))},
     Category::Partial,
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
     {verified(facts(Mail::BrokenDkim))},
     Category::MissingDkim,
     "known"},
    {"known, without a mark",
     "n{}.known.example",
     {verified(facts(Mail::Nothing))},
     Category::Unauthorized,
     "known"},
    {"a gateway",
     "n{}.gateway.example",
     {verified(facts(Mail::OwnBounce))},
     Category::MissingSpf,
     "gateway"},
    {"a list that one reporter recognizes",
     "lists{}.club.example",
     {verified(overridden("mailing_list")), verified(facts(Mail::Nothing))},
     Category::Forwarded,
     "ptr:"},
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
        made.groups.groups.push_back({.ip = ip,
                                      .trust = trust,
                                      .counts = trust == Trust::Verified,
                                      .first = kToday,
                                      .last = kToday,
                                      .facts = kept(its),
                                      .messages = 10});
      }
    }
  }
  return made;
}

TEST_CASE("sources of every branch are named and classified") {
  const Config yaml = config();
  const Name name = Name::literal("example.com");
  const NamingContext context = naming_of(yaml, name, kNow, {});
  Scene made = scene(kBranches);
  REQUIRE(made.truth.size() >= 300);
  const Analysis analysis = analysed(std::move(made.groups), made.hosts, context);
  const auto& groups = analysis.groups.groups;
  std::array<int, kCategories> results{};
  std::array<int, kCategories> real{};
  std::array<int, kCategories> right{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const TrafficGroup& group = groups[i];
    const bool last = i + 1 == groups.size() || groups[i + 1].ip != group.ip;
    if (!last) continue;
    const Branch& branch = *made.truth.at(group.ip);
    const Category category = analysis.classifications[i].category;
    INFO(branch.story << " " << group.ip.text() << ": " << analysis.source_of(i).label << " "
                      << to_text(category));
    CHECK(analysis.source_of(i).label.starts_with(branch.label));
    CHECK(category == branch.expected);
    const auto at = [](Category one) { return static_cast<std::size_t>(one); };
    ++results[at(category)];
    ++real[at(branch.expected)];
    right[at(branch.expected)] += category == branch.expected ? 1 : 0;
  }
  for (std::size_t i = 0; i < kCategories; ++i) {
    fmt::print("{}: precision {:.3f}, recall {:.3f} of {}\n", to_text(static_cast<Category>(i)),
               results[i] == 0 ? 1.0 : static_cast<double>(right[i]) / results[i],
               real[i] == 0 ? 1.0 : static_cast<double>(right[i]) / real[i], real[i]);
  }
}

/// The legitimate rate of some mail, or -1.
double legit(std::vector<TrafficGroup> groups,
             const std::map<std::string, std::string>& hosts = {}) {
  static const Config yaml = config();
  const NamingContext context = naming_of(yaml, Name::literal("example.com"), kNow, {});
  TrafficGroups all{.groups = std::move(groups)};
  std::map<spf::Ip, std::string> by_ip;
  for (const auto& [ip, host] : hosts) by_ip.emplace(*spf::Ip::parse(ip), host);
  return summarize(analysed(std::move(all), by_ip, context), context).legit_rate.value_or(-1);
}

TEST_CASE("the legitimate rate counts what passes and what fails with the domain's mark") {
  const Facts good = facts(Mail::Both, "office");
  const Facts bad = facts(Mail::Nothing);
  const TrafficGroup office = group("192.0.2.1", good, 90);
  CHECK(legit({}) == -1);
  CHECK(legit({office}) == 1);
  CHECK(legit({office, group("192.0.2.2", bad, 10)}) == 0.9);
  // A wave of spoofing, however large and however long.
  CHECK(legit({office, group("203.0.113.1", bad, 100'000)}) == 1);
  // Marks: a bounce domain or a signature of ours, whatever its result.
  CHECK(legit({office, group("203.0.113.1", facts(Mail::OwnBounce), 10)}) == 0.9);
  CHECK(legit({office, group("203.0.113.1", facts(Mail::BrokenDkim), 10)}) == 0.9);
  // A host of the YAML's own domain.
  CHECK(legit({office, group("203.0.113.1", bad, 10)}, {{"203.0.113.1", "web.example.com"}}) ==
        0.9);
  // It passed as us before.
  CHECK(legit({office, group("203.0.113.1", facts(Mail::SpfOnly), 5),
               group("203.0.113.1", bad, 5)}) == 0.95);
  // Forwarding is no one's fault, nor what the YAML ignores.
  CHECK(legit({office, group("203.0.113.1", facts(Mail::DkimOnly, "office"), 10),
               group("203.0.113.1", bad, 10)},
              {{"203.0.113.1", "mx.forward.example"}}) == 1);
  CHECK(legit({office, group("203.0.113.1", facts(Mail::OwnBounce), 10)},
              {{"203.0.113.1", "mx.partner.example"}}) == 1);
}

TEST_CASE("excuses are for one address, and only from who counts") {
  const Config yaml = config();
  NamingContext context = naming_of(yaml, Name::literal("example.com"), kNow, {});
  // Two hosts of one ISP; our signature survives through the first alone.
  const auto mail = [&](const char* ip, Facts its) { return group(ip, std::move(its), 10); };
  const std::map<spf::Ip, std::string> hosts = {{*spf::Ip::parse("203.0.113.1"), "a.isp.example"},
                                                {*spf::Ip::parse("203.0.113.2"), "b.isp.example"}};
  TrafficGroup refused = mail("203.0.113.2", overridden("forwarded"));
  refused.counts = false;
  const Analysis analysis =
      analysed({.groups = {mail("192.0.2.9", facts(Mail::Nothing)),
                           mail("192.0.2.9", facts(Mail::DkimOnly, "m1")),
                           mail("203.0.113.1", facts(Mail::Nothing)),
                           mail("203.0.113.1", facts(Mail::DkimOnly, "office")),
                           mail("203.0.113.2", facts(Mail::Nothing)), refused}},
               hosts, context);
  const auto category = [&](std::size_t at) {
    return to_text(analysis.classifications[at].category);
  };
  CHECK(category(0) == "sender-missing-dkim");  // The office's own address forwards nothing.
  CHECK(category(1) == "partial");
  CHECK(category(2) == "forwarded");
  CHECK(category(4) == "unauthorized");
  CHECK(category(5) == "unauthorized");
  CHECK(analysis.source_of(3).label == "office");
  CHECK(analysis.source_of(1).label == "mailer");
  CHECK(analysis.classifications[0].mark == MarkKind::OwnAddress);
  CHECK_FALSE(analysis.classifications[4].marked());
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
