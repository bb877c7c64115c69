// Exports for signers: what they read, who can read it, and what a check says.
#include "keys/export.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "mail/dkim/key.h"
#include "tests/support/key_files.h"

using namespace rampart;
using namespace rampart::testing::keys;

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

TEST_CASE("a check tells a missing file from one that cannot be read, and a seed from PEM") {
  using Lines = std::vector<std::string>;
  const Folder at;
  const KeyFolder folder(at.root());
  REQUIRE(folder.store(kPlace, make(), by_passphrase("a"), "2026-11-21").ok());
  ExportJob job{SignerFormat::Pem, at.root() + "/out", "", {kPlace}};
  CHECK(check_export(job, folder) == Lines{"example.com/s1.pem is missing"});
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  CHECK(check_export(job, folder).empty());
  const fs::path pem = at.path / "out/example.com/s1.pem";
  fs::rename(pem, at.path / "out/real");
  CHECK(check_export(job, folder) == Lines{"example.com/s1.pem is missing"});
  fs::create_symlink("../real", pem);
  CHECK(check_export(job, folder) == Lines{"example.com/s1.pem: it is a symbolic link"});
  fs::remove(pem);
  fs::create_directory(pem);
  CHECK(check_export(job, folder) == Lines{"example.com/s1.pem: it is not a regular file"});
  fs::remove(pem);
  fs::rename(at.path / "out/real", pem);
  const fs::path half = at.path / "keys/example.com/s1.pub";
  const std::string before = text_of(half);
  write(half, "damaged");
  const Lines damaged = check_export(job, folder);
  REQUIRE(damaged.size() == 1);
  CHECK(damaged.front().starts_with(half.string() + ": "));
  CHECK(damaged.front().find("another key") == std::string::npos);
  write(half, before);
  // rspamd reads an Ed25519 key as its seed; the other formats need PEM.
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  job.format = SignerFormat::Rspamd;
  const Lines tables = {"dkim_domains.conf is missing", "dkim_paths.map is missing",
                        "dkim_selectors.map is missing"};
  Lines expected = {
      "example.com/s1.pem has the right key as PEM, but this format needs its seed: export it "
      "again"};
  expected.insert(expected.end(), tables.begin(), tables.end());
  CHECK(check_export(job, folder) == expected);
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  CHECK(check_export(job, folder).empty());
  job.format = SignerFormat::Pem;
  CHECK(check_export(job, folder) ==
        Lines{"example.com/s1.pem has the right key as a seed, but this format needs PEM: export "
              "it again"});
}

TEST_CASE("an export again keeps who can read the files") {
  const Folder at;
  const KeyFolder folder(at.root());
  REQUIRE(folder.store(kPlace, make(), by_passphrase("a"), "2026-11-21").ok());
  const KeyPlace other{Name::literal("example.org"), "s2"};
  REQUIRE(folder.store(other, make(), by_passphrase("a"), "2026-11-21").ok());
  ExportJob job{SignerFormat::OpenDkim, at.root() + "/out", "", {kPlace}};
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  const fs::path pem = at.path / "out/example.com/s1.pem";
  const fs::path table = at.path / "out/KeyTable";
  REQUIRE(::chmod(pem.c_str(), 0640) == 0);
  REQUIRE(::chmod(table.c_str(), 0644) == 0);
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  CHECK(mode_of(pem) == 0640);
  CHECK(mode_of(table) == 0644);
  // A key never becomes readable for everybody, whatever its file was.
  REQUIRE(::chmod(pem.c_str(), 0644) == 0);
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  CHECK(mode_of(pem) == 0640);
  if (::geteuid() != 0) return;
  // Root exports for a signer that runs as another user.
  const auto owner_of = [](const fs::path& path) {
    struct stat status {};
    stat(path.c_str(), &status);
    return std::pair(status.st_uid, status.st_gid);
  };
  const std::pair<uid_t, gid_t> signer{12345, 12346};
  REQUIRE(::chown(pem.c_str(), signer.first, signer.second) == 0);
  REQUIRE(::chown((at.path / "out").c_str(), signer.first, signer.second) == 0);
  job.places = {kPlace, other};
  REQUIRE(export_keys(job, folder, opened_by("a")).ok());
  CHECK(owner_of(pem) == signer);
  CHECK(owner_of(table) == std::pair<uid_t, gid_t>{0, 0});
  CHECK(owner_of(at.path / "out/example.org") == signer);
  CHECK(owner_of(at.path / "out/example.org/s2.pem") == signer);
  CHECK(mode_of(at.path / "out/example.org/s2.pem") == 0600);
  // The key folder itself stays with the user of the run.
  REQUIRE(::chown((at.path / "keys").c_str(), signer.first, signer.second) == 0);
  const KeyPlace third{Name::literal("example.net"), "s3"};
  REQUIRE(folder.store(third, make(), by_passphrase("a"), "2026-11-21").ok());
  CHECK(owner_of(at.path / "keys/example.net") == std::pair<uid_t, gid_t>{0, 0});
}
