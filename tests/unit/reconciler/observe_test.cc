#include "reconciler/observe/observe.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "policies/dkim/names.h"
#include "policies/model/sender_use.h"
#include "reconciler/observe/dns.h"
#include "reconciler/observe/public_keys.h"
#include "reconciler/observe/zone_inventory.h"

using namespace rampart;
using namespace std::chrono_literals;

namespace {

/// A provider that lists zones and reads nothing but what it is given.
class ListedProvider : public Provider {
 public:
  explicit ListedProvider(std::vector<std::string> zones) : names_(std::move(zones)) {}

  Result<std::vector<Name>> zones() override {
    std::vector<Name> zones;
    for (const std::string& name : names_) zones.push_back(Name::literal(name));
    return zones;
  }
  Result<ZoneRead> read(const Name& zone, std::span<const Name>) override {
    if (zone == Name::literal("broken.example")) return Error{"403", "host"};
    const RecordKey wildcard{Name::literal("*.example.org"), RecordType::MX};
    ZoneRead read;
    if (zone == Name::literal("example.org")) read.sets[wildcard] = {60s, {"10 mx.example.net"}};
    return read;
  }
  Result<Receipt> write(const Name&, std::span<const SetChange>) override { return Receipt{}; }
  Result<Ok> wait(const Receipt&) override { return Ok{}; }
  Limits limits() const override { return {.max_txt_octets = 2048}; }

 private:
  std::vector<std::string> names_;
};

Config config_of(const std::vector<std::string>& names) {
  Config config;
  config.folder = ".";
  config.providers["host"] = {.name = "host", .type = "somewhere"};
  for (const std::string& name : names) {
    Domain domain{.name = Name::literal(name)};
    domain.providers = {"host"};
    domain.dmarc.position.phase = Phase::Monitor;
    config.domains.emplace(domain.name, domain);
  }
  return config;
}

/// The World as the provider shows it; no name server is queried.
World seen(const Config& config, std::vector<std::string> zones) {
  Providers providers;
  providers.emplace("host", std::make_unique<ListedProvider>(std::move(zones)));
  ObserveOptions options{.live = LiveFrom::Provider};
  DnsSession session;
  return world_of(take_inventory(config, providers, Sources::FilesAndProviders, session), {},
                  config, options);
}

Answer data(std::vector<std::string> values) {
  return {AnswerStatus::Data, std::move(values), 300s, {}, ""};
}

Answer failed(std::string detail) { return {AnswerStatus::Failed, {}, 0s, {}, std::move(detail)}; }

const Answer kNothing{AnswerStatus::NoData, {}, 60s, {}, ""};

/// What servers that answer so say together of `name`'s TXT.
LiveSet together(const std::string& name, const std::vector<Answer>& answers,
                 const std::map<RecordKey, Answer>& probes = {}) {
  const RecordKey key{Name::literal(name), RecordType::TXT};
  ServedZone zone{.apex = Name::literal("example.com"), .keys = {key}, .probes = probes};
  int number = 0;
  for (const Answer& answer : answers) {
    const std::string server = "192.0.2." + std::to_string(++number) + ":53";
    zone.servers.push_back({"ns." + std::to_string(number) + " (" + server + ")", {{key, answer}}});
  }
  return merged_view(zone).at(key);
}

void check_fill(std::string_view text, std::optional<std::string> filled) {
  CAPTURE(text);
  CHECK(fill(text, Name::literal("example.com"), {{"user", "42"}, {"empty", ""}}) == filled);
}

bool has_key(const std::vector<RecordKey>& keys, std::string_view name, RecordType type) {
  return std::ranges::find(keys, RecordKey{Name::literal(name), type}) != keys.end();
}

}  // namespace

TEST_CASE("placeholders are filled, or the whole is nothing") {
  check_fill("s1._domainkey", "s1._domainkey");
  check_fill("s1.u{user}.example.net", "s1.u42.example.net");
  check_fill("{domain}.{domain_dashes}.x", "example.com.example-com.x");
  check_fill("a{empty}b", "ab");
  check_fill("{other}", std::nullopt);
  check_fill("{user", std::nullopt);
  check_fill("user}", std::nullopt);
  check_fill("{{user}}", std::nullopt);
  check_fill("", "");
}

TEST_CASE("live keys: every name under which a record may be published") {
  Domain domain{.name = Name::literal("example.com")};
  domain.selectors = {{.selector = "s1", .txt = "v=DKIM1; p="}};
  domain.rotations = {{.name = "r", .current = "r1", .next = "r2", .past = {"r0"}}};
  domain.dmarc.rua = {"mailto:a@example.net", "mailto:b@sub.example.com", "nonsense"};
  domain.bimi = BimiSpec{.selector = "brand"};
  Sender vendor{.dkim = {{.host = "{user}._domainkey", .target = "{user}.vendor.example"},
                         {.host = "{missing}._domainkey", .target = "x.example"}}};
  domain.senders = {{.sender = std::make_shared<Sender>(vendor), .with = {{"user", "v7"}}}};
  const auto keys = live_keys(domain);
  for (const RecordType type :
       {RecordType::TXT, RecordType::CNAME, RecordType::MX, RecordType::A, RecordType::AAAA}) {
    CHECK(has_key(keys, "example.com", type));
  }
  for (const std::string_view name :
       {"_dmarc.example.com", "_mta-sts.example.com", "_smtp._tls.example.com",
        "s1._domainkey.example.com", "r0._domainkey.example.com", "r1._domainkey.example.com",
        "r2._domainkey.example.com", "v7._domainkey.example.com", "brand._bimi.example.com",
        "example.com._report._dmarc.example.net"}) {
    CAPTURE(name);
    CHECK(has_key(keys, name, RecordType::TXT));
    CHECK(has_key(keys, name, RecordType::CNAME));
  }
  CHECK(keys.size() == 25);
  CHECK(std::ranges::is_sorted(keys));
  domain.state = DomainState::Parked;
  CHECK(has_key(live_keys(domain), "*._domainkey.example.com", RecordType::TXT));
}

TEST_CASE("servers that agree, differ, or stay silent") {
  const Answer one = data({"a"});
  CHECK(together("example.com", {one, one}).state == LiveState::Present);
  CHECK(together("example.com", {kNothing, kNothing}).state == LiveState::Absent);
  const LiveSet differ = together("example.com", {one, kNothing});
  CHECK(differ.state == LiveState::Disagree);
  CHECK(differ.detail == "ns.1 (192.0.2.1:53): \"a\"; ns.2 (192.0.2.2:53): nothing");
  CHECK(together("example.com", {data({"a", "b"}), data({"b", "a"})}).state == LiveState::Present);
  const LiveSet half = together("example.com", {failed("192.0.2.1:53: timeout"), one});
  CHECK(half.state == LiveState::Present);
  CHECK(half.detail == "ns.1 192.0.2.1:53: timeout");
  const LiveSet none = together("example.com", {failed("192.0.2.1:53: timeout")});
  CHECK(none.state == LiveState::Unobservable);
  CHECK(none.detail == "ns.1 192.0.2.1:53: timeout");
}

TEST_CASE("what is published at a CNAME's target is not published at the CNAME") {
  Answer alias = data({"a"});
  alias.cnames = {Name::literal("other.example")};
  CHECK(together("example.com", {alias}).state == LiveState::Absent);
}

TEST_CASE("a wildcard's answer counts as nothing") {
  const std::map<RecordKey, Answer> probes{
      {{Name::literal("*.example.com"), RecordType::TXT}, data({"w"})}};
  CHECK(together("_dmarc.example.com", {data({"w"})}, probes).state == LiveState::Absent);
  CHECK(together("_dmarc.example.com", {data({"x"})}, probes).state == LiveState::Present);
  CHECK(together("example.com", {data({"w"})}, probes).state == LiveState::Present);
  // The wildcard's own name is no synthesised answer; one below it is, by the wildcard above.
  CHECK(together("*.example.com", {data({"w"})}, probes).state == LiveState::Present);
  CHECK(together("*._domainkey.example.com", {data({"w"})}, probes).state == LiveState::Absent);
}

TEST_CASE("a probe without an answer makes a record unknown, and no absent one present") {
  const std::map<RecordKey, Answer> probes{
      {{Name::literal("*.example.com"), RecordType::TXT}, failed("timed out")}};
  const LiveSet live = together("_dmarc.example.com", {data({"w"})}, probes);
  CHECK(live.state == LiveState::Unobservable);
  CHECK(live.detail ==
        "ns.1 it cannot be seen whether a wildcard answers for _dmarc.example.com: timed out");
  CHECK(together("_dmarc.example.com", {kNothing}, probes).state == LiveState::Absent);
  CHECK(together("example.com", {data({"w"})}, probes).state == LiveState::Present);
  ServedZone zone{.apex = Name::literal("example.com"), .probes = probes};
  CHECK(merged_view(zone).wildcards.empty());
}

TEST_CASE("a wildcard is named once, at its highest owner") {
  ServedZone zone{.apex = Name::literal("example.com")};
  const RecordKey high{Name::literal("*.example.com"), RecordType::MX};
  const RecordKey low{Name::literal("*._domainkey.example.com"), RecordType::MX};
  const RecordKey own{Name::literal("*._domainkey.example.com"), RecordType::TXT};
  zone.probes = {{high, data({"0 ."})}, {low, data({"0 ."})}, {own, data({"v=DKIM1; p="})}};
  CHECK(merged_view(zone).wildcards == std::set<RecordKey>{high, own});
}

TEST_CASE("the probed name is always the same, and another under each encloser") {
  const auto one = probe_name(Name::literal("example.com"));
  CHECK(one == probe_name(Name::literal("example.com")));
  CHECK(one->is_within(Name::literal("example.com")));
  CHECK(one->labels()[0] != probe_name(Name::literal("example.org"))->labels()[0]);
}

TEST_CASE("each name's zone is the longest that the provider holds") {
  const World world = seen(config_of({"example.org", "dev.example.org", "x.dev.example.org"}),
                           {"example.org", "dev.example.org", "unused.example"});
  REQUIRE(world.zones.size() == 2);
  CHECK(world.zones[0].apex == Name::literal("dev.example.org"));
  const RecordKey key{Name::literal("_dmarc.x.dev.example.org"), RecordType::TXT};
  CHECK(world.zones[0].at(key).state == LiveState::Absent);
  CHECK(world.zones[1].at(key).state == LiveState::Unobservable);
  CHECK(world.zones[1].wildcards.size() == 1);
  CHECK(world.zones[0].limits.max_txt_octets == 2048);
  CHECK(world.unmanaged_zones == std::vector<Name>{Name::literal("unused.example")});
  CHECK(world.zone_missing.empty());
}

TEST_CASE("a domain without a zone of its own is missing, and says why") {
  Config config = config_of({"example.co.uk", "none.example", "left.example"});
  config.domains.at(Name::literal("left.example")).dmarc.position.phase = Phase::Discovery;
  const World world = seen(config, {"co.uk"});
  CHECK(world.zones.empty());
  CHECK(world.zone_missing.at(Name::literal("example.co.uk")).why ==
        "the zone above it, co.uk, is a public suffix");
  CHECK(world.zone_missing.at(Name::literal("none.example")).why ==
        "provider host holds no zone for it");
  CHECK_FALSE(world.zone_missing.contains(Name::literal("left.example")));
}

TEST_CASE("a zone that cannot be read says so, and others are read") {
  const World world =
      seen(config_of({"broken.example", "example.org"}), {"broken.example", "example.org"});
  REQUIRE(world.zones.size() == 2);
  CHECK(world.zones[0].error == "host: 403");
  CHECK(world.zones[1].error.empty());
}

TEST_CASE("a provider that cannot be made withholds its own domains only") {
  Config config = config_of({"example.org"});
  Providers providers;
  providers.emplace("host", Error{"no credentials", "host"});
  const ObserveOptions options{.live = LiveFrom::Provider};
  DnsSession session;
  const ZoneInventory found =
      take_inventory(config, providers, Sources::FilesAndProviders, session);
  REQUIRE(found.read.size() == 1);
  CHECK(found.read[0].error == "host: no credentials");
}

TEST_CASE("an external report host's key is read where its zone is ours") {
  Config config = config_of({"example.org", "example.net"});
  config.domains.at(Name::literal("example.org")).dmarc.rua = {"mailto:a@example.net"};
  const World world = seen(config, {"example.org", "example.net"});
  const RecordKey key{Name::literal("example.org._report._dmarc.example.net"), RecordType::TXT};
  REQUIRE(world.zones.size() == 2);
  CHECK(world.zones[0].at(key).state == LiveState::Absent);
}

TEST_CASE("public keys: inside the folder, through no link, never quoted") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("rampart-keys-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / "inside/keys");
  std::ofstream(folder / "secret.pem") << "a secret";
  std::ofstream(folder / "inside/keys/bad.pub") << "a secret";
  std::filesystem::create_symlink("../../secret.pem", folder / "inside/keys/link.pub");
  std::filesystem::create_directory_symlink("..", folder / "inside/up");
  Config config = config_of({"example.com"});
  config.folder = folder / "inside";
  const std::vector<std::string> paths{"../secret.pem",
                                       "keys/../../secret.pem",
                                       "up/secret.pem",
                                       "keys/link.pub",
                                       "keys",
                                       "keys/none.pub",
                                       "keys/bad.pub",
                                       folder / "secret.pem",
                                       ""};
  for (const std::string& path : paths) {
    config.domains.at(Name::literal("example.com")).selectors.push_back({.public_key = path});
  }
  const auto keys = read_public_keys(config);
  CHECK(keys.size() == paths.size());
  for (const auto& [path, key] : keys) {
    CAPTURE(path, key.error);
    CHECK_FALSE(key.record);
    CHECK_FALSE(key.error.empty());
    CHECK(key.error.find("a secret") == std::string::npos);
  }
  std::filesystem::remove_all(folder);
}
