/// Zone files in a folder of their own; faults are a folder or a file that cannot be used. Every
/// state of a file is kept in the folder `written`, so that run.py can load each into name servers.
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "dns/rdata.h"
#include "dns/zonefile/zone_file.h"
#include "providers/catalog.h"
#include "tests/contract/backends.h"

namespace rampart::contract {
namespace {

namespace fs = std::filesystem;

class ZoneFileBackend : public Backend {
 public:
  explicit ZoneFileBackend(fs::path folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_ / "zones");
    fs::create_directories(folder_ / "written");
  }

  Result<Ok> make_zone(const Name& zone, const Sets& sets) override {
    fs::permissions(folder_ / "zones", fs::perms::owner_all);
    fs::remove(path(zone));
    return write(zone, sets);
  }

  Result<Sets> dump(const Name& zone) override {
    const Result<ZoneFile> file = parse_zone_file(zone, text_of(zone));
    if (!file) return file.error();
    return without_authority(zone, file->sets());
  }

  Result<Ok> put(const Name& zone, const RecordKey& key,
                 const std::optional<RecordSet>& set) override {
    Result<Sets> sets = dump(zone);
    if (!sets) return sets.error();
    sets.value().erase(key);
    if (set) sets.value()[key] = *set;
    return write(zone, *sets);
  }

  Result<Ok> plant(const Name& zone, std::span<const Foreign> records) override {
    fs::permissions(folder_ / "zones", fs::perms::owner_all);
    std::ofstream file(path(zone), std::ios::binary);
    file << kHead;
    for (const Foreign& record : records) {
      if (!record.more.empty()) {
        file << record.more << "\n";
        continue;
      }
      file << fmt::format("{} {} IN {} {}\n", record.owner, record.ttl, record.type, record.data);
    }
    file.close();
    if (!file) return Error{.what = "the zone file cannot be written"};
    return Ok{};
  }

  Result<std::vector<std::string>> raw(const Name& zone) override {
    std::istringstream file(text_of(zone));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      if (line.find(" SOA ") == std::string::npos) lines.push_back(line);
    }
    return lines;
  }

  std::vector<Sample> samples() const override { return server_samples(); }

  /// `more` is text of the file.
  std::vector<Special> specials() const override {
    const auto lines = [](std::string what, std::string text) {
      return Special{.what = std::move(what), .records = {{.more = std::move(text)}}};
    };
    return {
        lines("a record with a comment", "host 300 IN A 192.0.2.1 ; asked for by Bob"),
        lines("comments and blank lines", "; the web\n\n  ; indented\nhost A 192.0.2.1\n\n"),
        lines("a text over several lines",
              "host TXT ( \"first\" ; one\n    \"second\"\n  )\nhost A 192.0.2.1"),
        lines("an owner that is left out", "host A 192.0.2.1\n     AAAA 2001:db8::1\n\tMX 5 mx"),
        lines("other origins",
              "$ORIGIN host.contract.example.\n@ A 192.0.2.1\nx TXT \"t\"\n"
              "$ORIGIN contract.example."),
        lines("TTLs with units", "$TTL 1h\nhost 1d2h A 192.0.2.1\nhost 5M MX 10 mx\n$TTL 2w"),
        lines("the class before the TTL", "host IN 300 A 192.0.2.1\nhost IN 300 TXT \"x\""),
        lines("types in lower case", "HOST in a 192.0.2.1\nhost in txt \"x\""),
        lines("tabs", "host\t\t300\tIN\tA\t192.0.2.1"),
        lines("carriage returns", "host A 192.0.2.1\r\nother A 192.0.2.2\r"),
        lines("a text without quotes", "host TXT plain\nhost TXT with\\032blank"),
        lines("generic RDATA", "host TYPE1 \\# 4 c0000201\nhost TXT \\# 3 02 6869"),
        lines("a record twice",
              "host A 192.0.2.1\nhost A 192.0.2.1\nhost TXT \"x\" ; 1\n"
              "host TXT \"x\" ; 2"),
        lines("TTLs that differ in one set",
              "host 300 TXT \"x\"\nhost 600 TXT \"y\"\n"
              "host 600 A 192.0.2.1\nhost 60 A 192.0.2.2"),
        lines("a delegation with glue and below it",
              "host A 192.0.2.1\ncut NS ns.cut\ncut DS 1 8 2 0123456789abcdef0123456789abcdef"
              "0123456789abcdef0123456789abcdef\nns.cut A 192.0.2.9\nmail.cut TXT \"hidden\""),
        lines("keys for a signer", "host A 192.0.2.1\n@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==")};
  }

  std::optional<Result<std::unique_ptr<Provider>>> provider(Credentials credentials) override {
    // A file that its mode bits forbid to write is what comes nearest to narrow credentials.
    if (credentials == Credentials::Wrong || credentials == Credentials::Expired) return {};
    const bool narrow = credentials == Credentials::Narrow;
    for (const Name& zone : contract_zones()) {
      if (!fs::exists(path(zone))) continue;
      fs::permissions(path(zone), fs::perms::owner_read);
      if (!narrow) fs::permissions(path(zone), fs::perms::owner_read | fs::perms::owner_write);
    }
    ProviderSettings settings;
    settings.name = "files";
    settings.folder = folder_.string();
    settings.settings = {{"directory", "zones"}};
    return find_provider_type("zonefile")->make(settings);
  }

  bool arm(Fault fault, int, int) override { return fault == Fault::None; }

  int calls() override { return 0; }

 private:
  // The name server is outside the zone: servers load no zone whose own one has no address.
  static constexpr std::string_view kHead =
      "$TTL 3600\n@ IN SOA ns1 hostmaster 2026112007 7200 900 1209600 300\n"
      "@ IN NS ns1.example.net.\n";

  fs::path path(const Name& zone) const { return folder_ / "zones" / (zone.text() + ".zone"); }

  /// The file's octets. Every case looks at its zone after each write, so that keeping what is read
  /// here keeps every file that was written, once each.
  std::string text_of(const Name& zone) {
    std::ostringstream octets;
    octets << std::ifstream(path(zone), std::ios::binary).rdbuf();
    std::string text = std::move(octets).str();
    if (kept_.insert({zone, text}).second) {
      const std::string name = fmt::format("{}.{}.zone", kept_.size(), zone.text());
      std::ofstream(folder_ / "written" / name, std::ios::binary) << text;
    }
    return text;
  }

  Result<Ok> write(const Name& zone, const Sets& sets) const {
    std::ofstream file(path(zone), std::ios::binary);
    file << kHead;
    for (const auto& [key, set] : sets) {
      for (const std::string& value : set.values) {
        file << fmt::format("{}. {} IN {} {}\n", key.name.text(), set.ttl.count(),
                            rampart::to_text(key.type), print_rdata(key.type, value));
      }
    }
    file.close();
    if (!file) return Error{.what = "the zone file cannot be written"};
    return Ok{};
  }

  fs::path folder_;
  std::set<std::pair<Name, std::string>> kept_;
};

}  // namespace

Sets without_authority(const Name& zone, Sets sets) {
  sets.erase({zone, RecordType::SOA});
  sets.erase({zone, RecordType::NS});
  return sets;
}

std::unique_ptr<Backend> make_zonefile_backend() {
  return std::make_unique<ZoneFileBackend>(required("RAMPART_CONTRACT_FOLDER"));
}

}  // namespace rampart::contract
