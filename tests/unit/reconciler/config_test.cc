// What domains.yaml means once it is loaded: values, merging, includes, paths.
#include "reconciler/config/config.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/sha256.h"
#include "mail/dkim/key.h"

using namespace rampart;

namespace {

using Files = std::map<std::string, std::string>;

std::string all_errors(const std::vector<ConfigError>& errors) {
  std::string text;
  for (const ConfigError& error : errors) text += to_text(error);
  return text;
}

Config load(const Files& files) {
  auto loaded = load_config_from("domains.yaml", files);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    FAIL(all_errors(*errors));
  }
  return std::get<Config>(std::move(loaded));
}

Config load(const std::string& text) { return load(Files{{"domains.yaml", text}}); }

std::vector<ConfigError> errors_of(const Files& files) {
  auto loaded = load_config_from("domains.yaml", files);
  const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded);
  return errors ? *errors : std::vector<ConfigError>{};
}

const Domain& only(const Config& config) {
  REQUIRE(config.domains.size() == 1);
  return config.domains.begin()->second;
}

Date day(const char* text) { return parse_date(text).value(); }

const char* const kWhole = R"(version: 1
dns: {resolvers: ["127.0.0.1:5353"]}
providers:
  files: {type: zonefile, directory: zones}
senders:
  office-mta: {spf: ["ip4:192.0.2.0/28"], dkim: self, owner: it, reviewed: 2026-10-01}
keys: {recipients: [certs/mta1.pem]}
defaults: {provider: files, ttl: 7200}
domains:
  example.com:
    senders:
      - google_workspace
      - {use: sendgrid, with: {user: 123456, wl: "789"}}
      - {use: mailchimp, spf: always, expect: rare, retired: 2027-01-31}
      - office-mta
    spf: {all: fail, flatten: auto, extra: ["a:relay.example.com"], ttl: 600}
    dkim:
      - {selector: s2026a, public_key: keys/example.com/s2026a.pub, ttl: 300}
      - rotate: {name: office, sender: office-mta, every: 6w, algorithm: both, keep: 1mo}
        current: office-a
        past: [office-a, office-0]
        signing: office-a
    dmarc:
      phase: quarantine
      pct: 10
      since: 2026-11-01
      target: {phase: reject, pct: 50}
      ramp: cautious
      rua: [mailto:dmarc@example.com]
      sp: reject
      adkim: s
      fo: "1:d"
      psd: n
    sources: {ignore: [{source: relay.partner.example, reason: their forwarder}]}
    mta_sts: {mode: testing, mx: [mx1.example.com], max_age: 1w}
    tls_rpt: {rua: ["https://reports.example.com/tls"]}
    bimi: {logo: "https://example.com/logo.svg"}
    waivers: [{code: spf-lookups, reason: vendor migration, until: 2027-01-31}]
)";

}  // namespace

TEST_CASE("the sections of a file") {
  const Config config = load(kWhole);
  CHECK(config.resolvers == std::vector<std::string>{"127.0.0.1:5353"});
  CHECK(config.key_recipients == std::vector<std::string>{"certs/mta1.pem"});
  CHECK(config.providers.at("files").type == "zonefile");
  CHECK(config.providers.at("files").settings.at("directory") == "zones");
  const Sender& office = *config.senders.at("office-mta");
  CHECK(office.owner == "it");
  CHECK(office.dkim_kind == DkimKind::Self);
  CHECK(office.reviewed == "2026-10-01");
  CHECK(office.include_needed == IncludeNeeded::Yes);
  CHECK_FALSE(office.builtin);
  CHECK(config.senders.at("google_workspace")->builtin);
  CHECK(config.folder == ".");
  CHECK(config.files.at("domains.yaml") == "sha256:" + sha256_hex(kWhole));
}

TEST_CASE("a domain's senders, SPF and keys") {
  const Config config = load(kWhole);
  const Domain& domain = only(config);
  CHECK(domain.providers == std::vector<std::string>{"files"});
  CHECK(domain.ttl == std::chrono::seconds(7200));
  REQUIRE(domain.senders->size() == 4);
  const SenderUse& sendgrid = domain.senders->at(1);
  CHECK(sendgrid.with == std::map<std::string, std::string>{{"user", "123456"}, {"wl", "789"}});
  const SenderUse& mailchimp = domain.senders->at(2);
  CHECK(mailchimp.spf == SpfUse::Always);
  CHECK(mailchimp.rare);
  CHECK(mailchimp.retired == day("2027-01-31"));
  CHECK(domain.senders->at(3).sender->id == "office-mta");
  CHECK(domain.spf->all == '-');
  CHECK(domain.spf->flatten == Flatten::Auto);
  CHECK(domain.spf->extra == std::vector<std::string>{"a:relay.example.com"});
  CHECK(domain.spf->ttl == std::chrono::seconds(600));
  REQUIRE(domain.selectors.size() == 1);
  CHECK(domain.selectors[0].public_key == "keys/example.com/s2026a.pub");
  REQUIRE(domain.rotations.size() == 1);
  const RotationSpec& rotation = domain.rotations[0];
  CHECK(rotation.every == Duration{6, Duration::Unit::Weeks});
  CHECK(rotation.keep == Duration{1, Duration::Unit::Months});
  CHECK(rotation.publish_ahead == Duration{7, Duration::Unit::Days});
  CHECK(rotation.algorithm == RotationAlgorithm::Both);
  CHECK(rotation.current == "office-a");
  CHECK(rotation.past == std::vector<std::string>{"office-a", "office-0"});
  CHECK(rotation.signing == "office-a");
}

TEST_CASE("a domain's DMARC, transport, sources and waivers") {
  const Config config = load(kWhole);
  const Domain& domain = only(config);
  CHECK(domain.dmarc.position == RampPosition{Phase::Quarantine, 10});
  CHECK(domain.dmarc.target == RampPosition{Phase::Reject, 50});
  CHECK(domain.dmarc.since == day("2026-11-01"));
  CHECK(domain.dmarc.ramp->name == "cautious");
  CHECK(domain.dmarc.sp == dmarc::Policy::Reject);
  CHECK(domain.dmarc.adkim == dmarc::Alignment::Strict);
  CHECK_FALSE(domain.dmarc.aspf);
  CHECK(domain.dmarc.fo == "1:d");
  CHECK(domain.dmarc.psd == 'n');
  CHECK(domain.mta_sts->mx == std::vector<std::string>{"mx1.example.com"});
  CHECK(domain.tls_rpt->rua.size() == 1);
  CHECK(domain.bimi->selector == "default");
  CHECK(domain.ignored_sources.at(0).source == "relay.partner.example");
  CHECK(domain.waivers.at(0).until == day("2027-01-31"));
  CHECK(domain.mark == Mark{"domains.yaml", 10, 3});
  CHECK(domain.dmarc.mark == Mark{"domains.yaml", 23, 5});
}

TEST_CASE("a domain without keys takes the defaults") {
  const Config config = load("version: 1\ndomains:\n  example.com:\n");
  const Domain& domain = only(config);
  CHECK(domain.state == DomainState::Managed);
  CHECK(domain.dmarc.position == RampPosition{Phase::Dkim, 100});
  CHECK(domain.dmarc.ramp->name == "standard");
  CHECK_FALSE(domain.declares_spf());
}

TEST_CASE("defaults merge as maps; scalars and lists replace") {
  const Config config = load(R"(version: 1
defaults:
  ttl: 300
  senders: [google_workspace]
  dmarc: {phase: monitor, rua: [mailto:a@example.net], target: {phase: quarantine, pct: 50}}
domains:
  one.example:
  two.example:
    senders: [mailchimp]
    dmarc: {rua: [mailto:b@example.net], target: {pct: 20}}
)");
  const Domain& one = config.domains.at(Name::literal("one.example"));
  CHECK(one.dmarc.position.phase == Phase::Monitor);
  CHECK(one.dmarc.rua == std::vector<std::string>{"mailto:a@example.net"});
  const Domain& two = config.domains.at(Name::literal("two.example"));
  CHECK(two.ttl == std::chrono::seconds(300));
  CHECK(two.senders->size() == 1);
  CHECK(two.senders->at(0).sender->id == "mailchimp");
  CHECK(two.dmarc.position.phase == Phase::Monitor);
  CHECK(two.dmarc.rua == std::vector<std::string>{"mailto:b@example.net"});
  CHECK(two.dmarc.target == RampPosition{Phase::Quarantine, 20});
}

TEST_CASE("names are normalised") {
  const Config config = load("version: 1\ndomains:\n  Bücher.Example.:\n");
  CHECK(config.domains.begin()->first.text() == "xn--bcher-kva.example");
}

TEST_CASE("text is kept as written, whatever it looks like") {
  const Config config =
      load("version: 1\nsenders:\n  a: {name: 010, owner: yes, category: null_mx, note: 1e3}\n");
  const Sender& sender = *config.senders.at("a");
  CHECK(sender.name == "010");
  CHECK(sender.owner == "yes");
  CHECK(sender.note == "1e3");
}

TEST_CASE("an alias refers to a whole value") {
  const Config config = load(R"(version: 1
domains:
  one.example: {dmarc: &watch {phase: monitor, rua: [mailto:a@example.net]}}
  two.example: {dmarc: *watch}
)");
  CHECK(config.domains.at(Name::literal("two.example")).dmarc.position.phase == Phase::Monitor);
}

TEST_CASE("parked and absent domains") {
  const Config config = load(
      "version: 1\ndefaults: {senders: [mailchimp]}\n"
      "domains:\n  a.example: {parked: true}\n  b.example: {state: absent}\n"
      "  c.example: {state: parked}\n  d.example: {parked: false}\n");
  const auto state = [&](const char* name) { return config.domains.at(Name::literal(name)).state; };
  CHECK(state("a.example") == DomainState::Parked);
  CHECK(state("b.example") == DomainState::Absent);
  CHECK(state("c.example") == DomainState::Parked);
  CHECK(state("d.example") == DomainState::Managed);
}

TEST_CASE("includes are read in order, each file once, senders before domains") {
  const Config config =
      load(Files{{"domains.yaml",
                  "version: 1\ninclude: [\"more/*.yaml\", more/b.yaml, \"*.yaml\"]\n"
                  "domains:\n  a.example: {senders: [office]}\n"},
                 {"more/b.yaml", "senders:\n  office: {spf: [\"ip4:192.0.2.1\"]}\n"},
                 {"more/c.yaml", "version: 1\ndomains:\n  c.example:\n"},
                 {"more/.hidden.yaml", "nonsense"},
                 {"more/deep/d.yaml", "nonsense"}});
  CHECK(config.domains.size() == 2);
  CHECK(config.files.size() == 3);
  CHECK(config.domains.at(Name::literal("c.example")).mark.file == "more/c.yaml");
}

TEST_CASE("a file in a folder includes beside itself") {
  const auto loaded = load_config_from("conf/domains.yaml",
                                       {{"conf/domains.yaml", "version: 1\ninclude: [a.yaml]\n"},
                                        {"conf/a.yaml", "domains:\n  a.example:\n"},
                                        {"a.yaml", "nonsense"}});
  REQUIRE(std::holds_alternative<Config>(loaded));
  const Config& config = std::get<Config>(loaded);
  CHECK(config.folder == "conf");
  CHECK(config.files.contains("a.yaml"));
  CHECK(only(config).mark.file == "conf/a.yaml");
}

TEST_CASE("a file that is not there is an error with a place") {
  const std::vector<ConfigError> errors = errors_of({});
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].code == "unreadable");
  CHECK(errors[0].file == "domains.yaml");
}

TEST_CASE("symlinks are not followed, and nothing behind them is quoted") {
  namespace fs = std::filesystem;
  std::string folder = (fs::temp_directory_path() / "rampart-config-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const fs::path base = folder;
  fs::create_directory(base / "outside");
  fs::create_directory(base / "conf");
  std::ofstream(base / "outside/secret.yaml") << "password: hunter2\n";
  fs::create_symlink("../outside/secret.yaml", base / "conf/link.yaml");
  fs::create_directory_symlink("../outside", base / "conf/folder");
  std::ofstream(base / "conf/domains.yaml")
      << "version: 1\ninclude: [link.yaml, \"folder/*.yaml\"]\n"
         "providers: {files: {type: zonefile, directory: folder}}\n"
         "domains:\n  a.example: {dkim: [{selector: s, public_key: folder/x.pub}]}\n";
  const auto loaded = load_config((base / "conf/domains.yaml").string());
  REQUIRE(std::holds_alternative<std::vector<ConfigError>>(loaded));
  const auto& errors = std::get<std::vector<ConfigError>>(loaded);
  CHECK(errors.size() == 4);
  for (const ConfigError& error : errors) CHECK(error.code == "path-escapes");
  CHECK(all_errors(errors).find("hunter2") == std::string::npos);
  fs::remove_all(base);
}

TEST_CASE("an alias bomb costs nothing") {
  std::string text = "version: 1\ndomains:\n  a.example:\n    senders: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    text += "  d" + std::to_string(i) + ".example:\n    senders: &a" + std::to_string(i) + " [*a" +
            std::to_string(i - 1) + ", *a" + std::to_string(i - 1) + "]\n";
  }
  CHECK_FALSE(errors_of({{"domains.yaml", text}}).empty());
}

TEST_CASE("many aliases of a large value are refused, and one alias in each domain is not") {
  std::string large = "version: 1\ndomains:\n  a.example:\n    senders: &all [google";
  for (int i = 0; i < 2000; ++i) large += ", {name: s" + std::to_string(i) + ", ip4: 192.0.2.1}";
  large += "]\n";
  std::string estate =
      "version: 1\ndomains:\n  a.example: &one {senders: [google], dmarc: {phase: monitor}}\n";
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "  d" + std::to_string(i) + ".example: ";
    large += name + "{senders: *all}\n";
    estate += name + "*one\n";
  }
  const auto errors = errors_of({{"domains.yaml", large}});
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].code == "too-large");
  for (const ConfigError& one : errors_of({{"domains.yaml", estate}})) {
    CHECK(one.code != "too-large");
  }
}

TEST_CASE("control characters in values never reach the terminal") {
  const auto errors =
      errors_of({{"domains.yaml", "version: 1\ndomains:\n  \"a\\e[31m.example\":\n"}});
  REQUIRE(errors.size() == 1);
  CHECK(to_text(errors[0]).find('\x1b') == std::string::npos);
}

TEST_CASE("a caret is under its character, after tabs too") {
  const ConfigError error{"a.yaml",
                          1,
                          4,
                          "wrong-value",
                          "no",
                          "h",
                          "a\t\xC3\xBC"
                          "b"};
  CHECK(to_text(error) ==
        "a.yaml:1:4: error: no\n    a\t\xC3\xBC"
        "b\n     \t ^\n  hint: h\n");
}

TEST_CASE("the catalogue and the ramps are built in") {
  const Config config = builtin_config();
  CHECK(config.senders.size() == 140);
  CHECK(config.ramps.size() == 4);
  CHECK(config.ramps.at("standard")->steps.size() == 7);
  CHECK(config.domains.empty());
  CHECK(config.files.empty());
  for (const auto& [id, sender] : config.senders) {
    INFO(id);
    CHECK(sender->id == id);
    CHECK_FALSE(sender->name.empty());
    CHECK_FALSE(sender->reviewed.empty());
  }
}
