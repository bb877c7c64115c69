/// What `plan --base` shows of changes that no record shows: one row for each.
#include <catch2/catch.hpp>

#include "reconciler/config/config.h"
#include "reconciler/plan/policy_edits.h"

namespace rampart {
namespace {

using Files = std::map<std::string, std::string>;

constexpr const char* kYaml = R"(version: 1
keys: {recipients: [certs/mail.pem]}
reporters: {known: [big.example]}
providers: {files: {type: zonefile, directory: zones}}
senders:
  office: {spf: ["ip4:192.0.2.0/28"], dkim: self, owner: it, category: internal}
  shop: {spf: ["ip4:198.51.100.7"], dkim: none, owner: it, category: internal}
domains:
  example.com:
    provider: files
    senders:
      - office
      - google_workspace
    dkim:
      - rotate: {name: office, sender: office, every: 3mo, current: office-now, past: [office-old]}
    dmarc: {phase: monitor, since: 2026-10-01}
)";

Config config_of(const Files& files) {
  auto loaded = load_config_from("domains.yaml", files);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    FAIL(to_text(errors->front()));
  }
  return std::get<Config>(std::move(loaded));
}

std::vector<std::string> whats(const std::vector<PolicyEdit>& edits) {
  std::vector<std::string> texts;
  for (const PolicyEdit& edit : edits) {
    CHECK_FALSE(edit.mark.file.empty());
    CHECK(edit.mark.line > 0);
    texts.push_back(edit.what);
  }
  return texts;
}

// Replaces `from` in the YAML, which must be there; the edits that this makes.
std::vector<std::string> edits_of(const std::string& from, const std::string& to) {
  std::string after = kYaml;
  const std::size_t at = after.find(from);
  REQUIRE(at != std::string::npos);
  after.replace(at, from.size(), to);
  return whats(
      policy_edits(config_of({{"domains.yaml", kYaml}}), config_of({{"domains.yaml", after}})));
}

TEST_CASE("every edit that lets somebody else send, sign, seal or report is shown") {
  using Texts = std::vector<std::string>;
  CHECK(edits_of("version: 1", "version: 1") == Texts{});
  CHECK(edits_of("[big.example]", "[big.example, evil.example]") ==
        Texts{"reporter added: evil.example"});
  CHECK(edits_of("[big.example]", "[]") == Texts{"reporter removed: big.example"});
  CHECK(edits_of("known: [big.example]", "known: [big.example], refused: [google.com]") ==
        Texts{"refused reporter added: google.com"});
  CHECK(edits_of("      - google_workspace", "      - {use: google_workspace, expect: rare}") ==
        Texts{"sender google_workspace of example.com: expect changed from mail to rare"});
  CHECK(edits_of("      - google_workspace", "      - {use: google_workspace, spf: never}") ==
        Texts{"sender google_workspace of example.com: spf changed from auto to never"});
  CHECK(edits_of("      - google_workspace",
                 "      - {use: google_workspace, retired: 2026-12-01}") ==
        Texts{"sender google_workspace of example.com: retired changed from none to 2026-12-01"});
  CHECK(edits_of("      - google_workspace\n", "      - google_workspace\n      - shop\n") ==
        Texts{"sender added to example.com: shop"});
  CHECK(edits_of("      - google_workspace\n", "") ==
        Texts{"sender removed from example.com: google_workspace"});
  CHECK(edits_of("[\"ip4:198.51.100.7\"]", "[\"ip4:198.51.100.0/24\"]") ==
        Texts{"sender shop: spf changed from ip4:198.51.100.7 to ip4:198.51.100.0/24"});
  CHECK(edits_of("dkim: none, owner: it", "dkim: none, owner: them") == Texts{});
  CHECK(edits_of("dkim: none, owner: it", "dkim: none, include_needed: optional, owner: it") ==
        Texts{"sender shop: include_needed changed from yes to optional"});
  CHECK(edits_of("dkim: none, owner: it", "dkim: none, aligns: {dkim: yes}, owner: it") ==
        Texts{"sender shop: aligns dkim changed from unknown to yes"});
  CHECK(edits_of("  shop: {spf: [\"ip4:198.51.100.7\"]", "  more: {spf: [\"ip4:198.51.100.7\"]") ==
        Texts{"sender no longer defined: shop", "sender defined: more"});
  const auto replaced =
      edits_of("  shop:",
               "  google_workspace: {spf: [\"ip4:203.0.113.0/24\"], dkim: none, owner: it, "
               "category: mailbox}\n  shop:");
  REQUIRE_FALSE(replaced.empty());
  CHECK(std::ranges::count(replaced, "sender replaces the catalogue's: google_workspace") == 1);
  CHECK(edits_of("    dkim:\n", "    spf: unmanaged\n    dkim:\n") ==
        Texts{"example.com: spf changed from managed to unmanaged"});
}

TEST_CASE("every setting of a rotation is shown") {
  const auto rotation = [](const std::string& from, const std::string& to) {
    const auto found = edits_of(from, to);
    REQUIRE(found.size() == 1);
    return found[0];
  };
  const std::string subject = "rotation office of example.com: ";
  CHECK(rotation("every: 3mo", "every: 10mo") == subject + "every changed from 3mo to 10mo");
  CHECK(rotation("every: 3mo", "every: 3mo, algorithm: ed25519") ==
        subject + "algorithm changed from rsa2048 to ed25519");
  CHECK(rotation("every: 3mo", "every: 3mo, keep: 15d") ==
        subject + "keep changed from 14d to 15d");
  CHECK(rotation("every: 3mo", "every: 3mo, revoke: 31d") ==
        subject + "revoke changed from 30d to 31d");
  CHECK(rotation("every: 3mo", "every: 3mo, publish_ahead: 8d") ==
        subject + "publish_ahead changed from 7d to 8d");
  CHECK(rotation("every: 3mo", "every: 3mo, signing: office-old") ==
        subject + "signing changed from none to office-old");
  CHECK(rotation("every: 3mo", "every: 3mo, next: office-x") ==
        subject + "next changed from none to office-x");
  CHECK(rotation("office-now", "office-x") ==
        subject + "current changed from office-now to office-x");
  CHECK(rotation("past: [office-old]", "past: []") ==
        subject + "past changed from office-old to none");
  CHECK(rotation("past: [office-old]", "past: [office-old], compromised: [office-old]") ==
        subject + "compromised changed from none to office-old");
  CHECK(rotation("sender: office,", "sender: shop,") ==
        subject + "sender changed from office to shop");
  CHECK(edits_of("name: office,", "name: other,") ==
        std::vector<std::string>{"rotation removed from example.com: office",
                                 "rotation added to example.com: other"});
}

std::string pem(const std::string& octets) {
  return "# a comment\n-----BEGIN CERTIFICATE-----\n" + octets + "\n-----END CERTIFICATE-----\n";
}

TEST_CASE("a certificate that is replaced in place is shown by fingerprint") {
  const Config config = config_of({{"domains.yaml", kYaml}});
  const auto edits = [&](const std::string& before, const std::string& now) {
    return whats(policy_edits(config, config,
                              {.certificates = {{"certs/mail.pem", before}}, .locks = {}},
                              {.certificates = {{"certs/mail.pem", now}}, .locks = {}}));
  };
  // The fingerprints are those of `printf abc | sha256sum` and of `printf abd`.
  CHECK(edits(pem("YWJj"), pem("YWJk")) ==
        std::vector<std::string>{
            "key recipient changed in place: certs/mail.pem "
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad to "
            "sha256:a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9"});
  CHECK(
      edits(pem("YWJj"), "-----BEGIN CERTIFICATE-----\nYW\nJj\n-----END CERTIFICATE-----").empty());
  CHECK(edits(pem("YWJj"), "no certificate").size() == 1);
  // OpenSSL reads neither block below that looks like the old certificate.
  CHECK(edits(pem("YWJj"), "# " + pem("YWJj").substr(12) + pem("YWJk")).size() == 1);
  CHECK(edits(pem("YWJj"),
              "-----BEGIN X509 CERTIFICATE-----\nYWJk\n-----END X509 CERTIFICATE-----\n" +
                  pem("YWJj"))
            .size() == 1);
  CHECK(whats(policy_edits(config, config,
                           {.certificates = {{"certs/mail.pem", pem("YWJj")}}, .locks = {}}, {}))
            .size() == 1);
}

TEST_CASE("recipients, included files and spf.lock are compared") {
  const Config base = config_of({{"domains.yaml", kYaml}});
  std::string text = kYaml;
  text.replace(text.find("[certs/mail.pem]"), 16, "[certs/two.pem]");
  text += "include: [teams/*.yaml]\n";
  const Config now = config_of({{"domains.yaml", text}, {"teams/a.yaml", "version: 1\n"}});
  CHECK(whats(policy_edits(base, now)) ==
        std::vector<std::string>{"file included: teams/a.yaml",
                                 "key recipient added: certs/two.pem (unreadable)",
                                 "key recipient removed: certs/mail.pem (unreadable)"});
  CHECK(whats(policy_edits(now, base)).at(0) == "file no longer included: teams/a.yaml");
  const auto lock = [](const char* network) {
    FilesBeside files;
    files.locks[Name::literal("example.com")].terms["include:v.example"].networks = {network};
    return files;
  };
  CHECK(whats(policy_edits(base, base, lock("192.0.2.0/24"), lock("192.0.2.0/23"))) ==
        std::vector<std::string>{"spf.lock: include:v.example of example.com has 256 more and 0 "
                                 "fewer IPv4 addresses"});
  CHECK(policy_edits(base, base, lock("192.0.2.0/24"), lock("192.0.2.0/24")).empty());
}

}  // namespace
}  // namespace rampart
