// Key pairs, the key folder, import and export: forms, modes, links, torn writes, wrong words.
#include "keys/key_folder.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "keys/export.h"
#include "keys/import.h"
#include "mail/dkim/key.h"

using namespace rampart;

namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path;
  Folder() {
    char name[] = "/tmp/rampart-keys-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string root() const { return path.string(); }
};

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  stat(path.c_str(), &status);
  return status.st_mode & 0777U;
}

KeyPair make(KeyAlgorithm algorithm = KeyAlgorithm::Ed25519) {
  const KeyAlgorithm one[] = {algorithm};
  return make_keys(one).value().front();
}

Protection by_passphrase(const char* text) {
  return {.form = KeyForm::Passphrase, .passphrase = Secret(text)};
}

Unlock opened_by(const char* text) { return {Secret(text), {}}; }

const KeyPlace kPlace{Name::literal("example.com"), "s1"};

bool holds_private(const std::string& text) {
  return text.find("PRIVATE KEY") != text.npos && text.find("ENCRYPTED PRIVATE KEY") == text.npos;
}

}  // namespace

TEST_CASE("of two runs that store at one selector, one succeeds, and its halves match") {
  const Folder folder;
  const KeyFolder keys(folder.root());
  for (int round = 0; round < 20; ++round) {
    const KeyPlace place{Name::literal("example.com"), "s" + std::to_string(round)};
    std::atomic<int> stored = 0;
    std::vector<std::thread> runs;
    for (int i = 0; i < 4; ++i) {
      runs.emplace_back([&, pair = make()] {
        if (keys.store(place, pair, by_passphrase("word"), "2026-11-24")) ++stored;
      });
    }
    for (std::thread& run : runs) run.join();
    CHECK(stored == 1);
    CHECK(keys.open(place, opened_by("word")));
    CHECK_FALSE(fs::exists(folder.path / "keys/example.com" / (place.selector + ".key.old")));
  }
}

TEST_CASE("pairs are made on every core, of the algorithm asked for") {
  const std::vector<KeyAlgorithm> many = {KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048,
                                          KeyAlgorithm::Ed25519};
  const auto pairs = make_keys(many);
  REQUIRE(pairs.ok());
  REQUIRE(pairs->size() == 3);
  for (std::size_t i = 0; i < many.size(); ++i) {
    const std::string pem = public_pem((*pairs)[i]).value();
    const auto record = dkim::key_from_pem(pem);
    REQUIRE(record.ok());
    CHECK(algorithm_word(dkim::print_key(*record)) == to_text(many[i]));
    CHECK(check_pair((*pairs)[i], pem).ok());
    CHECK(!check_pair((*pairs)[i], public_pem((*pairs)[(i + 1) % 3]).value()).ok());
    CHECK(pem_of_record(dkim::print_key(*record)).value() == pem);
  }
}

TEST_CASE("a stored pair opens with its passphrase, and with no other") {
  const Folder at;
  const KeyFolder folder(at.root());
  const KeyPair pair = make();
  REQUIRE(folder.store(kPlace, pair, by_passphrase("open sesame"), "2026-11-21").ok());
  const fs::path key = at.path / "keys/example.com/s1.key";
  CHECK(mode_of(key) == 0600);
  CHECK(text_of(key).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
  CHECK(!holds_private(text_of(key)));
  CHECK(folder.open(kPlace, opened_by("open sesame")).ok());
  CHECK(sentence(folder.open(kPlace, opened_by("wrong")).error()) ==
        folder.path_of(kPlace, ".key") +
            ": the passphrase in RAMPART_KEY_PASSPHRASE does not decrypt it");
  CHECK(sentence(folder.open(kPlace, {}).error()).find("give its passphrase") != std::string::npos);
  const KeyEntry entry = folder.entry(kPlace);
  CHECK(entry.algorithm == "ed25519");
  CHECK(entry.made == "2026-11-21");
  CHECK(entry.private_key == KeyForm::Passphrase);
  CHECK(entry.error.empty());
  CHECK(folder.list() == std::vector<KeyEntry>{entry});
}

TEST_CASE("a selector is never overwritten, and a torn write harms nothing") {
  const Folder at;
  const KeyFolder folder(at.root());
  REQUIRE(folder.store(kPlace, make(), by_passphrase("a"), "2026-11-21").ok());
  const fs::path base = at.path / "keys/example.com";
  const std::string before = text_of(base / "s1.key");
  const auto again = folder.store(kPlace, make(), by_passphrase("a"), "2026-11-21");
  REQUIRE(!again.ok());
  CHECK(again.error().what.find("never reused") != std::string::npos);
  CHECK(text_of(base / "s1.key") == before);
  // A run killed while writing leaves a file under another name, or a private half alone.
  write(base / ".s1.key.new", "torn");
  write(base / ".s2.key.new", "torn");
  write(base / "s2.key", "torn");
  CHECK(folder.open(kPlace, opened_by("a")).ok());
  const KeyPlace second{kPlace.domain, "s2"};
  REQUIRE(folder.store(second, make(), by_passphrase("a"), "2026-11-21").ok());
  CHECK(folder.open(second, opened_by("a")).ok());
  CHECK(!fs::exists(base / ".s2.key.new"));
  CHECK(text_of(base / "s2.key.old") == "torn");
  write(base / "s3.key", "mine");
  write(base / "s3.key.old", "older");
  REQUIRE(folder.store({kPlace.domain, "s3"}, make(), by_passphrase("a"), "2026-11-21").ok());
  CHECK(text_of(base / "s3.key.old") == "older");
  CHECK(text_of(base / "s3.key.old2") == "mine");
}

TEST_CASE("halves that do not belong together are refused, and so are links and odd names") {
  const Folder at;
  const KeyFolder folder(at.root());
  REQUIRE(folder.store(kPlace, make(), by_passphrase("a"), "2026-11-21").ok());
  const fs::path base = at.path / "keys/example.com";
  write(base / "s1.pub", public_pem(make()).value());
  CHECK(folder.open(kPlace, opened_by("a")).error().what.find("belong together") !=
        std::string::npos);
  fs::rename(base / "s1.key", base / "real");
  fs::create_symlink("real", base / "s1.key");
  CHECK(folder.open(kPlace, opened_by("a")).error().what.find("symbolic link") !=
        std::string::npos);
  for (const char* selector : {"../s", "a/b", ".hidden", "", "a\nb"}) {
    INFO(selector);
    CHECK(!folder.store({kPlace.domain, selector}, make(), by_passphrase("a"), "").ok());
  }
  fs::create_directory(at.path / "elsewhere");
  fs::create_directory_symlink(at.path / "elsewhere", at.path / "keys/example.org");
  CHECK(!folder.store({Name::literal("example.org"), "s1"}, make(), by_passphrase("a"), "").ok());
  CHECK(fs::is_empty(at.path / "elsewhere"));
}

TEST_CASE("a public half alone is kept, for hosts that make their own keys") {
  const Folder at;
  const KeyFolder folder(at.root());
  const std::string pem = public_pem(make(KeyAlgorithm::Rsa2048)).value();
  REQUIRE(folder.store_public(kPlace, pem, "2026-11-21").ok());
  CHECK(!folder.entry(kPlace).private_key);
  CHECK(folder.entry(kPlace).algorithm == "rsa2048");
  CHECK(!folder.open(kPlace, opened_by("a")).ok());
  CHECK(!folder.store_public({kPlace.domain, "s3"}, "no key", "").ok());
}

TEST_CASE("keys of other tools are taken in, where their halves agree") {
  const KeyPair pair = make(KeyAlgorithm::Rsa2048);
  const std::string pem = public_pem(pair).value();
  const std::string record = dkim::print_key(dkim::key_from_pem(pem).value());
  const std::string p = record.substr(record.find("p="));
  const std::string genkey = "s1._domainkey\tIN\tTXT\t( \"v=DKIM1; h=sha256; k=rsa; \"\n\t  \"" +
                             p.substr(0, 200) + "\"\n\t  \"" + p.substr(200) +
                             "\" )  ; ----- DKIM key s1 for \"example.com\"\n";
  const auto read = [](std::vector<std::string> texts) {
    std::vector<KeyFile> files;
    for (const std::string& text : texts) files.push_back({"file", Secret(text)});
    return read_key_files(files, {});
  };
  const std::string secret(plain_pem(pair).value().text());
  CHECK(read({secret, genkey})->pair);
  CHECK(read({genkey})->public_pem == pem);
  CHECK(!read({genkey})->pair);
  CHECK(read({record})->public_pem == pem);
  CHECK(read({pem, secret})->pair);
  CHECK(!read({secret, public_pem(make()).value()}).ok());
  const KeyPair edwards = make();
  const std::string seed(base64_seed(edwards).value().text());
  CHECK(seed.size() == 44);
  CHECK(read({seed + "\n", public_pem(edwards).value()})->pair);
  CHECK(!read({seed.substr(1)}).ok());
  CHECK(!base64_seed(pair).ok());
  CHECK(!read({"hello"}).ok());
  CHECK(!read({"v=DKIM1; p="}).ok());
  CHECK(!read({}).ok());
  const std::string spoilt = secret.substr(0, 60) + "A" + secret.substr(61);
  const auto damaged = read({spoilt});
  if (!damaged.ok()) CHECK(damaged.error().what.find(secret.substr(60, 20)) == std::string::npos);
}

TEST_CASE("export writes what signers read, for the owner alone, and checks it") {
  const Folder at;
  const KeyFolder folder(at.root());
  const KeyPlace other{Name::literal("example.org"), "s2"};
  REQUIRE(folder.store(kPlace, make(), by_passphrase("a"), "2026-11-21").ok());
  REQUIRE(folder.store(other, make(), by_passphrase("a"), "2026-11-21").ok());
  ExportJob job{SignerFormat::OpenDkim, at.root() + "/out", "/etc/dkim/", {kPlace, other}};
  CHECK(!export_keys(job, folder, opened_by("b")).ok());
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  CHECK(text_of(at.path / "out/KeyTable") ==
        "s1._domainkey.example.com example.com:s1:/etc/dkim/example.com/s1.pem\n"
        "s2._domainkey.example.org example.org:s2:/etc/dkim/example.org/s2.pem\n");
  CHECK(text_of(at.path / "out/SigningTable") ==
        "*@example.com s1._domainkey.example.com\n*@example.org s2._domainkey.example.org\n");
  CHECK(mode_of(at.path / "out/KeyTable") == 0600);
  CHECK(mode_of(at.path / "out/example.com/s1.pem") == 0600);
  CHECK(check_export(job, folder).empty());
  fs::copy_file(at.path / "out/example.org/s2.pem", at.path / "out/example.com/s1.pem",
                fs::copy_options::overwrite_existing);
  write(at.path / "out/KeyTable", "");
  CHECK(check_export(job, folder) ==
        std::vector<std::string>{"example.com/s1.pem holds another key", "KeyTable differs"});
  job.format = SignerFormat::Rspamd;
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  CHECK(text_of(at.path / "out/dkim_selectors.map") == "example.com s1\nexample.org s2\n");
  CHECK(check_export(job, folder).empty());
}

TEST_CASE("secrets are moved, shortened and gone") {
  Secret secret("abc");
  Secret other = std::move(secret);
  CHECK(other.text() == "abc");
  CHECK(secret.empty());
  other.shrink(1);
  CHECK(other.text() == "a");
  CHECK(other.octets()[1] == '\0');
}
