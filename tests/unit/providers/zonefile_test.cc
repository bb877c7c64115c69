// The zone-file provider: what it may open, and that a write is all or nothing.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "providers/catalog.h"
#include "providers/model/provider.h"

namespace fs = std::filesystem;
using rampart::Name;
using rampart::RecordSet;
using rampart::RecordType;
using rampart::SetChange;
using rampart::TypedSet;

namespace {

const Name kZone = Name::literal("example.com");
const std::string kText =
    "$TTL 3600\n@ IN SOA ns host 2026112007 2 3 4 5\n@ IN TXT \"site=1\" ; theirs\n";

/// A folder for one test, gone afterwards.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "rampart-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
    fs::create_directory(path_ / "zones");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  fs::path zone(const std::string& name = "example.com.zone") const {
    return path_ / "zones" / name;
  }
  const fs::path& path() const { return path_; }

  void put(const std::string& text, const std::string& name = "example.com.zone") const {
    std::ofstream(zone(name), std::ios::binary) << text;
  }

  std::string get(const std::string& name = "example.com.zone") const {
    std::ostringstream text;
    text << std::ifstream(zone(name), std::ios::binary).rdbuf();
    return text.str();
  }

  rampart::Result<std::unique_ptr<rampart::Provider>> provider(
      const std::string& directory = "zones") const {
    rampart::ProviderSettings settings;
    settings.name = "files";
    settings.folder = path_.string();
    settings.settings["directory"] = directory;
    settings.today = std::chrono::year{2026} / 11 / 21;
    return rampart::find_provider_type("zonefile")->make(settings);
  }

  rampart::Result<rampart::Receipt> write(const std::vector<SetChange>& changes) const {
    return std::move(provider()).value()->write(kZone, changes);
  }

 private:
  fs::path path_;
};

TypedSet txt(std::set<std::string> values, int ttl = 3600) {
  return {RecordType::TXT, RecordSet{std::chrono::seconds(ttl), std::move(values)}};
}

const SetChange kAddSpf{kZone, txt({"site=1"}), txt({"site=1", "v=spf1 -all"})};
const std::string kWithSpf =
    "$TTL 3600\n@ IN SOA ns host 2026112101 2 3 4 5\n@ IN TXT \"site=1\" ; theirs\n"
    "@ IN TXT \"v=spf1 -all\"\n";

/// The header of BIND's journal: its format, and the positions of its first and last change.
std::string journal(std::uint32_t serial) {
  std::string header = ";BIND LOG V9.2\n";
  header.resize(16, '\0');
  for (const std::uint32_t field : {1U, 512U, serial, 780U}) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) header += static_cast<char>(field >> shift);
  }
  return header + std::string(32, '\0');
}

void check_write_refused(const Folder& folder, const std::vector<SetChange>& changes,
                         const std::string& why) {
  const std::string before = folder.get();
  const auto written = folder.write(changes);
  REQUIRE_FALSE(written.ok());
  CHECK_THAT(sentence(written.error()), Catch::Contains(why));
  CHECK_THAT(sentence(written.error()), Catch::StartsWith("zones/example.com.zone: "));
  CHECK(folder.get() == before);
}

void check_no_provider(const Folder& folder, const std::string& directory, const std::string& why) {
  CAPTURE(directory);
  const auto made = folder.provider(directory);
  REQUIRE_FALSE(made.ok());
  CHECK_THAT(sentence(made.error()), Catch::Contains(why));
}

}  // namespace

TEST_CASE("zones are the files that end in .zone") {
  const Folder folder;
  folder.put(kText);
  folder.put("", "xn--mnchen-3ya.example.zone");
  folder.put("", "notes.txt");
  folder.put("", ".hidden.zone");
  auto provider = std::move(folder.provider()).value();
  const auto zones = provider->zones();
  REQUIRE(zones.ok());
  CHECK(*zones == std::vector<Name>{kZone, Name::literal("xn--mnchen-3ya.example")});
}

// Z7: such a file hides no other, and the message says how to rename it.
TEST_CASE("a file whose name is not that of a zone is left out alone") {
  const Folder folder;
  folder.put(kText);
  for (const char* stray : {"example.com (copy).zone", "EXAMPLE.org.zone", "München.example.zone",
                            "Example.com.zone", "db.example.net", "example.info.db",
                            "example.com.zone.jnl", "example.com.zone.signed", "notes.txt"}) {
    folder.put("", stray);
  }
  auto provider = std::move(folder.provider()).value();
  const auto zones = provider->zones();
  REQUIRE(zones.ok());
  CHECK(*zones == std::vector<Name>{kZone});
  std::vector<std::string> notes;
  for (const auto& one : provider->unused_zones()) notes.push_back(one.what + ": " + one.advice);
  CHECK(notes == std::vector<std::string>{
                     "zones/EXAMPLE.org.zone: rename it to example.org.zone",
                     "zones/Example.com.zone: remove this file, or move it to another folder",
                     "zones/München.example.zone: rename it to xn--mnchen-3ya.example.zone",
                     "zones/example.com (copy).zone: rename the file after its zone, or move it to "
                     "another folder"});
  const auto advice = [&](const char* name) {
    return provider->missing_zone(Name::literal(name)).advice;
  };
  CHECK(advice("mail.example.org") == "rename it to example.org.zone");
  CHECK(advice("xn--mnchen-3ya.example") == "rename it to xn--mnchen-3ya.example.zone");
  CHECK(
      advice("example.net") ==
      "rename it to example.net.zone, or write `file: \"db.{zone}\"` in this provider's settings");
  CHECK(
      advice("example.info") ==
      "rename it to example.info.zone, or write `file: \"{zone}.db\"` in this provider's settings");
  CHECK(advice("elsewhere.example").empty());
}

TEST_CASE("zone files are named as the setting says, and the serial is kept where it says so") {
  const Folder folder;
  folder.put(kText, "db.example.com");
  folder.put(kText, "db.example.com.jnl.bak");
  folder.put(kText, "example.org.zone");
  rampart::ProviderSettings settings;
  settings.name = "files";
  settings.folder = folder.path().string();
  settings.settings = {{"directory", "zones"}, {"file", "db.{zone}"}, {"serial", "keep"}};
  auto made = rampart::find_provider_type("zonefile")->make(settings);
  REQUIRE(made.ok());
  const auto zones = made.value()->zones();
  REQUIRE(zones.ok());
  CHECK(*zones == std::vector<Name>{kZone});
  REQUIRE(made.value()->write(kZone, std::vector{kAddSpf}).ok());
  CHECK(folder.get("db.example.com") == kText + "@ IN TXT \"v=spf1 -all\"\n");
  for (const char* bad :
       {"zone", "{zone}/{zone}", "../{zone}", ".{zone}", "{zone}.jnl", "{zone}{zone}"}) {
    CAPTURE(bad);
    settings.settings["file"] = bad;
    CHECK_FALSE(rampart::find_provider_type("zonefile")->make(settings).ok());
  }
}

TEST_CASE("a read gives the whole zone") {
  const Folder folder;
  folder.put(kText);
  auto provider = std::move(folder.provider()).value();
  const auto read = provider->read(kZone, {});
  REQUIRE(read.ok());
  CHECK(read->complete);
  CHECK(read->sets.size() == 2);
  CHECK(read->sets.at({kZone, RecordType::TXT}) == txt({"site=1"}).set);
  CHECK_THAT(sentence(provider->read(Name::literal("example.org"), {}).error()),
             Catch::Equals("zones/example.org.zone: No such file or directory"));
  CHECK_FALSE(provider->read(Name::literal("a/b.example"), {}).ok());
  CHECK_FALSE(provider->read(Name::root(), {}).ok());
  CHECK(provider->limits().max_txt_octets == 65279);
  CHECK(provider->wait({}).ok());
}

TEST_CASE("a write touches its lines, keeps the mode and leaves nothing beside the file") {
  const Folder folder;
  folder.put(kText);
  fs::permissions(folder.zone(), fs::perms(0640));
  REQUIRE(folder.write({kAddSpf}).ok());
  CHECK(folder.get() == kWithSpf);
  CHECK((fs::status(folder.zone()).permissions() & fs::perms::mask) == fs::perms(0640));
  CHECK(std::distance(fs::directory_iterator(folder.path() / "zones"), {}) == 1);
}

TEST_CASE("a write that changes nothing leaves the file alone") {
  const Folder folder;
  folder.put(kText);
  REQUIRE(folder.write({{kZone, txt({"site=1"}), txt({"site=1"})}}).ok());
  CHECK(folder.get() == kText);
}

TEST_CASE("what a killed run left behind does not matter") {
  const Folder folder;
  folder.put(kText);
  folder.put("half", ".example.com.zone.new");
  REQUIRE(folder.write({kAddSpf}).ok());
  CHECK(folder.get() == kWithSpf);
  CHECK_FALSE(fs::exists(folder.zone(".example.com.zone.new")));
}

TEST_CASE("a change of type is one change") {
  const Folder folder;
  folder.put(kText + "s1._domainkey CNAME a.example.\n");
  const Name name = *kZone.child("s1._domainkey");
  const TypedSet cname{RecordType::CNAME, {std::chrono::seconds(3600), {"a.example"}}};
  REQUIRE(folder.write({{name, cname, txt({"p="})}}).ok());
  CHECK_THAT(folder.get(), Catch::EndsWith("\ns1._domainkey TXT \"p=\"\n"));
  REQUIRE(folder.write({{name, txt({"p="}), std::nullopt}}).ok());
  CHECK_THAT(folder.get(), Catch::EndsWith("; theirs\n"));
}

TEST_CASE("what moved since it was read is a conflict, and nothing is written") {
  const Folder folder;
  folder.put(kText);
  const Name other = *kZone.child("other");
  const std::vector<std::vector<SetChange>> cases = {
      {{kZone, std::nullopt, txt({"v=spf1 -all"})}},
      {{kZone, txt({"site=2"}), txt({"v=spf1 -all"})}},
      {{kZone, txt({"site=1", "more"}), std::nullopt}},
      {{kZone, txt({"site=1"}, 60), txt({"v=spf1 -all"})}},
      {{other, txt({"x"}), txt({"y"})}},
      {kAddSpf, {other, txt({"x"}), txt({"y"})}},
      {{kZone, TypedSet{RecordType::CNAME, {}}, txt({"v=spf1 -all"})}},
  };
  for (const auto& changes : cases) {
    check_write_refused(folder, changes, "plan again");
    CHECK(folder.write(changes).error().conflict);
  }
}

TEST_CASE("a journal whose changes the file has does not forbid a write") {
  using Topic = rampart::ZoneNotice::Topic;
  for (const std::string traces : {"", ".jbk", ".signed"}) {
    CAPTURE(traces);
    const Folder folder;
    folder.put(kText);
    folder.put(journal(2026112007), "example.com.zone.jnl");
    if (!traces.empty()) folder.put("", "example.com.zone" + traces);
    const auto read = std::move(folder.provider()).value()->read(kZone, {});
    REQUIRE(read.ok());
    REQUIRE(read->notices.size() == 1);
    CHECK(read->notices[0].topic == Topic::Journal);
    CHECK(read->notices[0].blocks == traces.empty());
    CHECK_THAT(read->notices[0].hint, Catch::Contains("rndc sync -clean example.com"));
    CHECK_THAT(read->notices[0].hint, Catch::Contains("rndc reload example.com"));
    REQUIRE(folder.write({kAddSpf}).ok());
    CHECK(folder.get() == kWithSpf);
  }
}

TEST_CASE("files that must not be written are refused with what to do") {
  const Folder folder;
  folder.put(kText);
  SECTION("read-only, also for the superuser") {
    fs::permissions(folder.zone(), fs::perms(0444));
    check_write_refused(folder, {kAddSpf}, "read-only; allow writing (chmod u+w)");
  }
  SECTION("a journal that is none of BIND's") {
    folder.put("", "example.com.zone.jnl");
    check_write_refused(folder, {kAddSpf}, "example.com.zone.jnl");
  }
  SECTION("a journal that is newer than the file") {
    folder.put(journal(2026112008), "example.com.zone.jnl");
    folder.put("", "example.com.zone.jbk");
    check_write_refused(folder, {kAddSpf}, "rndc freeze example.com");
  }
  SECTION("a journal of a file that named wrote") {
    folder.put(
        "$ORIGIN .\n$TTL 3600\nexample.com SOA ns host 2026112007 2 3 4 5\n"
        "example.com TXT \"site=1\"\n");
    folder.put(journal(2026112007), "example.com.zone.jnl");
    check_write_refused(folder, {kAddSpf}, "rndc freeze example.com");
  }
  SECTION("a record below a DNAME") {
    folder.put(kText + "_domainkey DNAME keys.example.net.\n");
    check_write_refused(folder,
                        {{*kZone.child("s1._domainkey"), std::nullopt, txt({"v=DKIM1; p="})}},
                        "below the DNAME at _domainkey.example.com");
  }
  SECTION("signed") {
    folder.put(kText + "@ RRSIG SOA 13\n");
    check_write_refused(folder, {kAddSpf}, "signed (RRSIG)");
  }
  SECTION("a CNAME beside other data") {
    folder.put(kText + "a CNAME b\n");
    check_write_refused(folder, {{*kZone.child("a"), std::nullopt, txt({"x"})}}, "has a CNAME");
  }
  SECTION("a symbolic link") {
    fs::rename(folder.zone(), folder.path() / "elsewhere");
    fs::create_symlink("../elsewhere", folder.zone());
    check_write_refused(folder, {kAddSpf}, "symbolic link");
  }
  SECTION("a folder") {
    fs::remove(folder.zone());
    fs::create_directory(folder.zone());
    check_write_refused(folder, {kAddSpf}, "not a regular file");
  }
}

TEST_CASE("the folder is inside the YAML's, through no symbolic link") {
  const Folder folder;
  fs::create_directories(folder.path() / "a" / "b");
  fs::create_directory_symlink("a", folder.path() / "link");
  fs::create_directory_symlink("/", folder.path() / "root");
  std::ofstream(folder.path() / "file") << "x";
  for (const std::string good : {"zones", "./zones", "zones/", "a/b", "a//b", "."}) {
    CAPTURE(good);
    CHECK(folder.provider(good).ok());
  }
  check_no_provider(folder, "", "must be relative");
  check_no_provider(folder, "/etc", "must be relative");
  check_no_provider(folder, "..", "leaves the");
  check_no_provider(folder, "../x", "leaves the");
  check_no_provider(folder, "a/../../x", "leaves the");
  check_no_provider(folder, "a/..", "leaves the");
  check_no_provider(folder, "link", "symbolic link");
  check_no_provider(folder, "link/b", "symbolic link");
  check_no_provider(folder, "root/etc", "symbolic link");
  check_no_provider(folder, "missing", "No such file");
  check_no_provider(folder, "file", "Not a directory");
  check_no_provider(folder, std::string("zones\0/x", 8), "must be relative");
}

TEST_CASE("every type of provider is in the table, sorted, with its settings") {
  std::vector<std::string> names;
  for (const rampart::ProviderType& type : rampart::provider_types()) {
    names.emplace_back(type.name);
    CHECK(rampart::find_provider_type(type.name) == &type);
    rampart::ProviderSettings settings;
    settings.name = "mine";
    const auto made = type.make(settings);
    // Some hosts look for credentials only when they are first called.
    if (!made.ok()) CHECK(made.error().where == "mine");
  }
  CHECK(std::ranges::is_sorted(names));
  CHECK(names ==
        std::vector<std::string>{"cloudflare", "powerdns", "rfc2136", "route53", "zonefile"});
  CHECK(rampart::find_provider_type("zonefile")->reads_files);
  CHECK(rampart::find_provider_type("bind") == nullptr);
}
