/// Marks and excuses of failing mail at their edges: what looks like forwarding and is not, what
/// looks like the domain's own and may be anybody's.
#include <catch2/catch.hpp>

#include "reports/analysis/analysis.h"
#include "tests/support/report_scene.h"

namespace rampart::reports {
namespace {

using namespace testing;

const Name kDomain = Name::literal("example.com");

/// As config(), with a shared service that has fixed networks, declared, and a forwarder that is
/// known by its bounce domain.
Config edges() {
  Config made = config();
  Sender shared{.id = "shared", .name = "Shared", .category = "transactional"};
  shared.spf = {"ip4:198.51.100.0/24"};
  shared.builtin = true;
  Sender forwarder{.id = "forwarder", .name = "Forwarder", .category = "forwarding"};
  forwarder.envelope_domains = forwarder.dkim_domains = {"forwarder.example"};
  forwarder.builtin = true;
  for (const Sender& one : {shared, forwarder}) {
    made.senders.emplace(one.id, std::make_shared<const Sender>(one));
  }
  made.domains.at(kDomain).senders->push_back({.sender = made.senders.at("shared")});
  return made;
}

struct Seen {
  std::string source;
  std::string category;
  MarkKind mark = MarkKind::None;

  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << seen.source << " " << seen.category << " " << static_cast<int>(seen.mark);
}

/// What the last of some mail of one address is taken for.
Seen last_of(const std::string& ip, const std::vector<Facts>& mail, const HostNames& hosts = {}) {
  static const Config yaml = edges();
  const NamingContext context = naming_of(yaml, kDomain, kNow, {});
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  NamingCache cache(yaml, store.value(), {}, kNow);
  TrafficGroups groups;
  for (const Facts& one : mail) groups.groups.push_back(group(ip, one, 10));
  const std::size_t last = mail.size() - 1;
  const Analysis analysis = analyse_groups({"example.com", Date(), Date::max()}, std::move(groups),
                                           hosts, context, cache);
  const Classification& one = analysis.classifications[last];
  return {analysis.source_of(last).label, std::string(to_text(one.category)), one.mark};
}

HostNames named(const std::string& ip, const std::string& host) {
  HostNames hosts;
  hosts.names.emplace(*spf::Ip::parse(ip), host);
  return hosts;
}

HostNames unanswered(const std::string& ip) {
  HostNames hosts;
  hosts.unanswered.emplace(*spf::Ip::parse(ip), "the PTR record of " + ip);
  return hosts;
}

const Facts kNothing = facts(Mail::Nothing);

TEST_CASE("the networks of a shared service are no mark: its other customers send from them") {
  CHECK(last_of("198.51.100.7", {kNothing}) == Seen{"shared", "unauthorized", MarkKind::None});
  CHECK(last_of("192.0.2.7", {kNothing}) ==
        Seen{"office", "sender-missing-dkim", MarkKind::OwnAddress});
}

TEST_CASE("a reporter's excuse covers the address's other mail, unless a declared service has it") {
  const Facts excused = overridden("forwarded");
  CHECK(last_of("203.0.113.7", {excused, kNothing}) ==
        Seen{"ip:203.0.113.7", "forwarded", MarkKind::None});
  CHECK(last_of("203.0.113.7", {excused, kNothing}, named("203.0.113.7", "o.mailer.example")) ==
        Seen{"mailer", "unauthorized", MarkKind::None});
}

TEST_CASE("a surviving signature shows a forwarder, unless SPF aligns there too") {
  const Facts survived = facts(Mail::DkimOnly);
  CHECK(last_of("203.0.113.7", {survived, kNothing}) ==
        Seen{"ip:203.0.113.7", "forwarded", MarkKind::None});
  CHECK(last_of("203.0.113.7", {survived, facts(Mail::SpfOnly), kNothing}) ==
        Seen{"ip:203.0.113.7", "unauthorized", MarkKind::PassedBefore});
}

TEST_CASE("while a host name got no answer, a surviving signature excuses nothing") {
  CHECK(last_of("203.0.113.7", {facts(Mail::DkimOnly), kNothing}, unanswered("203.0.113.7")) ==
        Seen{"ip:203.0.113.7", "unauthorized", MarkKind::PassedBefore});
}

TEST_CASE("a forwarder of the catalogue excuses what it is proved to have sent") {
  CHECK(last_of("203.0.113.7", {of_service("forwarder.example", AuthResult::Pass)}) ==
        Seen{"forwarder", "forwarded", MarkKind::None});
  CHECK(last_of("203.0.113.7", {of_service("forwarder.example", AuthResult::Fail)}) ==
        Seen{"forwarder", "unauthorized", MarkKind::None});
}

TEST_CASE("an address that may be a friend's is never a threat") {
  const Config yaml = edges();
  const NamingContext context = naming_of(yaml, kDomain, kNow, {});
  Result<Store> store = Store::open(":memory:");
  REQUIRE(store);
  NamingCache cache(yaml, store.value(), {}, kNow);
  HostNames hosts = unanswered("203.0.113.2");
  const TrafficGroups groups{.groups = {group("203.0.113.1", facts(Mail::BrokenDkim), 10),
                                        group("203.0.113.2", kNothing, 10),
                                        group("203.0.113.3", kNothing, 10)}};
  const Analysis analysis = analyse_groups({"example.com", Date(), Date::max()}, groups,
                                           std::move(hosts), context, cache);
  CHECK(analysis.classifications[0].friendly);  // It bears the mark.
  CHECK(analysis.classifications[1].friendly);  // Its host name got no answer.
  CHECK_FALSE(analysis.classifications[2].friendly);
}

TEST_CASE("a signature that failed names nobody") {
  Facts forged = kNothing;
  forged.results.dkim = {{"mailer.example", "z", AuthResult::Fail}};
  CHECK(last_of("203.0.113.7", {forged}) == Seen{"ip:203.0.113.7", "unauthorized", MarkKind::None});
  forged.results.dkim.front().result = AuthResult::Pass;
  CHECK(last_of("203.0.113.7", {forged}) == Seen{"mailer", "unauthorized", MarkKind::None});
}

}  // namespace
}  // namespace rampart::reports
