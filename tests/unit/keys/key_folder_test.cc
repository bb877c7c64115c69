// Key pairs, the key folder, import and export: forms, modes, links, torn writes, wrong words.
#include "keys/key_folder.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/base64.h"
#include "keys/export.h"
#include "keys/import.h"
#include "keys/openssl_values.h"
#include "mail/dkim/key.h"
#include "tests/support/key_files.h"

using namespace rampart;
using namespace rampart::testing::keys;

TEST_CASE("of two runs that store at one selector, one succeeds, and its halves match") {
  const Folder folder;
  const KeyFolder keys(folder.root());
  for (int round = 0; round < 8; ++round) {
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

TEST_CASE("a key that cannot be made gives OpenSSL's first reason, on every thread") {
  ERR_clear_error();
  ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
  ERR_raise(ERR_LIB_EVP, EVP_R_UNKNOWN_CIPHER);
  CHECK(openssl_error("it is damaged").what == "it is damaged: bad decrypt");
  CHECK(ERR_peek_error() == 0);
  // No provider has this name, so that no key can be made.
  REQUIRE(EVP_set_default_properties(nullptr, "provider=none") == 1);
  std::vector<std::string> errors;
  for (int round = 0; round < 300; ++round) {
    const std::vector<KeyAlgorithm> many(2, KeyAlgorithm::Ed25519);
    const auto pairs = make_keys(many);
    errors.push_back(pairs.ok() ? "made" : pairs.error().what);
  }
  REQUIRE(EVP_set_default_properties(nullptr, "") == 1);
  for (const std::string& error : errors) {
    REQUIRE(error.starts_with("a key could not be made: "));
  }
  CHECK(make_keys(std::vector{KeyAlgorithm::Ed25519}).ok());
}

TEST_CASE("a passphrase that could not open the key again encrypts none") {
  const Folder at;
  const KeyFolder folder(at.root());
  const KeyPair pair = make();
  const std::string longest(1024, 'x');
  REQUIRE(folder.store(kPlace, pair, by_passphrase(longest.c_str()), "2026-11-21").ok());
  CHECK(folder.open(kPlace, opened_by(longest.c_str())).ok());
  const KeyPlace other{kPlace.domain, "s2"};
  const auto stored =
      folder.store(other, pair, by_passphrase((longest + "x").c_str()), "2026-11-21");
  REQUIRE(!stored.ok());
  CHECK(stored.error().what ==
        "the passphrase is longer than 1024 octets, and no program could open the key with it: use "
        "a shorter one");
  CHECK(!folder.has(other));
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

TEST_CASE("what a killed run made is removed, unless it was named or replaced meanwhile") {
  const Folder at;
  const KeyFolder folder(at.root());
  const fs::path base = at.path / "keys/example.com";
  const KeyPlace second{kPlace.domain, "s2"};
  const auto killed = [&] {
    // Without `finish`, as a kill would end it.
    KeyBatch batch(at.root());
    REQUIRE(batch.store(kPlace, make(), by_passphrase("a"), "2026-11-21").ok());
    REQUIRE(batch.store(second, make(), by_passphrase("a"), "2026-11-21").ok());
    CHECK(fs::exists(base / ".unfinished"));
  };
  const auto named = [](const std::string& selector) {
    return [selector](const KeyPlace& place) { return place.selector == selector; };
  };
  killed();
  const auto removed = folder.remove_unfinished(std::span(&kPlace.domain, 1), named(""));
  REQUIRE(removed.ok());
  CHECK(removed->size() == 4);
  CHECK(removed->front() == folder.path_of(kPlace, ".key"));
  CHECK(fs::is_empty(base));
  killed();
  REQUIRE(folder.remove_unfinished(std::span(&kPlace.domain, 1), named("s2")).ok());
  CHECK_FALSE(folder.has(kPlace));
  CHECK(folder.open(second, opened_by("a")).ok());
  CHECK_FALSE(fs::exists(base / ".unfinished"));
  fs::remove(base / "s2.key");
  fs::remove(base / "s2.pub");
  killed();
  write(base / "s1.key", "another one");
  write(base / "other.key", "not of that run");
  REQUIRE(folder.remove_unfinished(std::span(&kPlace.domain, 1), named("")).ok());
  CHECK(text_of(base / "s1.key") == "another one");
  CHECK(text_of(base / "other.key") == "not of that run");
  CHECK_FALSE(folder.has(second));
  KeyBatch batch(at.root());
  REQUIRE(batch.store(second, make(), by_passphrase("a"), "2026-11-21").ok());
  REQUIRE(batch.finish().ok());
  REQUIRE(folder.remove_unfinished(std::span(&kPlace.domain, 1), named("")).ok());
  CHECK(folder.open(second, opened_by("a")).ok());
  const std::array other{Name::literal("example.org")};
  CHECK(folder.remove_unfinished(other, named("")).value().empty());
}

TEST_CASE("a batch of many domains needs few descriptors") {
  const Folder at;
  struct rlimit before {};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  struct rlimit few = before;
  few.rlim_cur = 30;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const KeyPair pair = make();
  std::vector<Name> domains;
  {
    KeyBatch killed(at.root());
    for (int i = 0; i < 40; ++i) {
      domains.push_back(Name::literal("d" + std::to_string(i) + ".example"));
      REQUIRE(killed.store({domains.back(), "s1"}, pair, by_passphrase("a"), "2026-11-21").ok());
    }
  }
  const KeyFolder folder(at.root());
  CHECK(folder.has({domains.back(), "s1"}));
  CHECK(folder.remove_unfinished(domains, [](const KeyPlace&) { return false; }).ok());
  for (const Name& domain : domains) CHECK_FALSE(folder.has({domain, "s1"}));
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
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
  const KeyPlace third{kPlace.domain, "s3"};
  const auto odd = folder.store_public(third, "no key", "");
  REQUIRE(!odd.ok());
  CHECK(odd.error().where == folder.path_of(third, ""));
  const auto again = folder.store_public(kPlace, pem, "2026-11-21");
  REQUIRE(!again.ok());
  CHECK(again.error().where == folder.path_of(kPlace, ""));
  CHECK(again.error().what.find("never reused") != std::string::npos);
  // A private half that was alone would not match the imported key.
  const fs::path base = at.path / "keys/example.com";
  write(base / "s2.key", "mine");
  const KeyPlace second{kPlace.domain, "s2"};
  REQUIRE(folder.store_public(second, pem, "2026-11-21").ok());
  CHECK(!fs::exists(base / "s2.key"));
  CHECK(text_of(base / "s2.key.old") == "mine");
  // The private half of a pair is never set aside.
  REQUIRE(folder.store({kPlace.domain, "s4"}, make(), by_passphrase("a"), "2026-11-21").ok());
  CHECK(!folder.store_public({kPlace.domain, "s4"}, pem, "2026-11-21").ok());
  CHECK(folder.open({kPlace.domain, "s4"}, opened_by("a")).ok());
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
  CHECK(read({" " + record + "\n"})->public_pem == pem);
  CHECK(read({record + "\r\n"})->public_pem == pem);
  CHECK(read({"\"v=DKIM1\\059 k=rsa\\; " + p + "\"\n"})->public_pem == pem);
  CHECK(read({"v=DKIM1\\059 k=rsa\\; " + p + "\n"})->public_pem == pem);
  CHECK(!read({"\"v=DKIM1\\999 k=rsa; " + p + "\""}).ok());
  CHECK(read({pem, secret})->pair);
  CHECK(!read({secret, public_pem(make()).value()}).ok());
  const KeyPair edwards = make();
  const std::string seed(base64_seed(edwards).value().text());
  CHECK(seed.size() == 44);
  CHECK(read({seed + "\n", public_pem(edwards).value()})->pair);
  CHECK(!read({seed.substr(1)}).ok());
  CHECK(!base64_seed(pair).ok());
  // 32 octets alone are private or public: another file has to show which.
  const std::string edwards_record =
      dkim::print_key(dkim::key_from_pem(public_pem(edwards).value()).value());
  const std::string octets = edwards_record.substr(edwards_record.find("p=") + 2);
  REQUIRE(octets.size() == 44);
  CHECK(read({edwards_record, seed})->pair);
  CHECK(read({seed, edwards_record})->pair);
  CHECK(!read({octets, edwards_record})->pair);
  CHECK(read({octets + "\n", edwards_record})->public_pem == public_pem(edwards).value());
  CHECK(!read({"v=DKIM1; k=ed25519; p=" + octets})->pair);
  CHECK(!read({octets, public_pem(make()).value()}).ok());
  for (const std::string& alone : {seed, octets + "\n"}) {
    const auto unclear = read({alone});
    REQUIRE(!unclear.ok());
    CHECK(unclear.error().where == "file");
    CHECK(unclear.error().what.find("name the file with its public key") != std::string::npos);
    CHECK(unclear.error().what.find(alone.substr(0, 20)) == std::string::npos);
  }
  // 64 octets: a seed and its public key, or nothing that is known.
  const std::string both = base64_of(decoded(seed) + decoded(octets));
  CHECK(read({both})->pair);
  CHECK(!read({base64_of(decoded(octets) + decoded(seed))}).ok());
  // One octet fewer or more has a text of the same length, and is no seed.
  for (const std::string& other : {decoded(seed) + "x", decoded(seed).substr(1)}) {
    REQUIRE(base64_of(other).size() == 44);
    CHECK_FALSE(pair_of_seed(base64_of(other)));
  }
  const auto odd = read({"v=DKIM1; k=ed25519; p=AAAA"});
  REQUIRE(!odd.ok());
  CHECK(sentence(odd.error()) == "file: the record contains no key that can be read");
  CHECK(!read({"hello"}).ok());
  CHECK(!read({"v=DKIM1; p="}).ok());
  CHECK(!read({}).ok());
  const std::string spoilt = secret.substr(0, 60) + "A" + secret.substr(61);
  const auto damaged = read({spoilt});
  if (!damaged.ok()) CHECK(damaged.error().what.find(secret.substr(60, 20)) == std::string::npos);
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
