/// Zone files in a folder of their own; faults are a folder or a file that cannot be used.
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

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
  }

  Result<Ok> make_zone(const Name& zone, const Sets& sets) override {
    fs::permissions(folder_ / "zones", fs::perms::owner_all);
    fs::remove(path(zone));
    return write(zone, sets);
  }

  Result<Sets> dump(const Name& zone) override {
    std::ostringstream text;
    text << std::ifstream(path(zone), std::ios::binary).rdbuf();
    const Result<ZoneFile> file = parse_zone_file(zone, text.str());
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
  fs::path path(const Name& zone) const { return folder_ / "zones" / (zone.text() + ".zone"); }

  Result<Ok> write(const Name& zone, const Sets& sets) const {
    std::ofstream file(path(zone), std::ios::binary);
    file << "$TTL 3600\n@ IN SOA ns1 hostmaster 2026112007 7200 900 1209600 300\n@ IN NS ns1\n";
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
