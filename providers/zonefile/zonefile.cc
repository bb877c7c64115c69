/// Zone files in a folder: `<zone>.zone`, RFC 1035 master files edited in place.
#include "providers/zonefile/zonefile.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/confined_path.h"
#include "base/replace_file.h"
#include "dns/txt.h"
#include "dns/zonefile/zone_file.h"

namespace rampart {
namespace {

constexpr std::string_view kSuffix = ".zone";
constexpr std::size_t kMostZoneOctets = 256U << 20U;

/// 65535 octets of RDATA hold 255 strings of 255 octets and one of 254, a length octet each.
constexpr int kMostTxtOctets = 65279;

/// The names of the zone files in a folder, sorted; hidden files are editors' and ours.
Result<std::vector<std::string>> zone_files(const OpenFile& folder) {
  const int copy = openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(copy < 0 ? nullptr : fdopendir(copy), closedir);
  if (!listing) return Error{.what = system_reason()};
  std::vector<std::string> names;
  errno = 0;
  for (const dirent* entry = readdir(listing.get()); entry != nullptr;
       entry = readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(kSuffix) && !name.starts_with('.')) names.emplace_back(name);
  }
  if (errno != 0) return Error{.what = system_reason()};
  std::ranges::sort(names);
  return names;
}

Error conflict(const RecordKey& key) {
  return Error{
      .what = key.name.text() + " " + to_text(key.type) + " is not as it was read; plan again",
      .conflict = true};
}

/// Whether exactly what `change` was made for still stands.
bool still_stands(const std::map<RecordKey, RecordSet>& sets, const SetChange& change,
                  RecordType type) {
  const auto found = sets.find({change.name, type});
  const bool expected = change.before && change.before->type == type;
  if (!expected) return found == sets.end();
  return found != sets.end() && found->second == change.before->set;
}

Result<std::vector<ZoneEdit>> edits_for(const ZoneFile& file, std::span<const SetChange> changes) {
  const std::map<RecordKey, RecordSet> sets = file.sets();
  std::vector<ZoneEdit> edits;
  for (const SetChange& change : changes) {
    for (const std::optional<TypedSet>& side : {change.before, change.after}) {
      if (side && !still_stands(sets, change, side->type))
        return conflict({change.name, side->type});
    }
    const bool moves =
        change.before && (!change.after || change.after->type != change.before->type);
    if (moves) edits.push_back({{change.name, change.before->type}, {}});
    if (change.after) edits.push_back({{change.name, change.after->type}, change.after->set});
  }
  return edits;
}

class ZoneFileProvider : public Provider {
 public:
  ZoneFileProvider(std::string path, OpenFile folder, std::chrono::sys_days today)
      : path_(std::move(path)), folder_(std::move(folder)), today_(today) {}

  Result<std::vector<Name>> zones() override {
    const Result<std::vector<std::string>> files = zone_files(folder_);
    if (!files) return within(path_, files.error());
    std::vector<Name> zones;
    for (const std::string& file : *files) {
      const Result<Name> name = Name::parse(file.substr(0, file.size() - kSuffix.size()));
      if (!name) return within(path_ + "/" + printable(file), name.error());
      if (file_name(*name) != file) {
        return Error{.what = "a zone file is named in lower case, as \"" + file_name(*name) + "\"",
                     .where = path_ + "/" + printable(file)};
      }
      zones.push_back(*name);
    }
    return zones;
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name>) override {
    const Result<ZoneFile> file = load(zone);
    if (!file) return within(shown(zone), file.error());
    return ZoneRead{.sets = file->sets(), .complete = true};
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    const Result<Ok> written = replace(zone, changes);
    if (!written) return within(shown(zone), written.error());
    return Receipt{};
  }

  Result<Ok> wait(const Receipt&) override { return Ok{}; }

  Limits limits() const override {
    return Limits{.max_txt_octets = kMostTxtOctets, .min_ttl = {}, .max_ttl = kMostTtl};
  }

 private:
  static constexpr std::chrono::seconds kMostTtl{2147483647};  // RFC 2181 section 8.

  static std::string file_name(const Name& zone) { return zone.text() + std::string(kSuffix); }

  std::string shown(const Name& zone) const { return path_ + "/" + file_name(zone); }

  Result<ZoneFile> load(const Name& zone) const {
    if (zone.text().find('/') != std::string::npos || zone.is_root()) {
      return Error{.what = "a zone of this name cannot be kept in a file named after it"};
    }
    const Result<OpenFile> file = open_file_in(folder_, file_name(zone));
    if (!file) return Error{.what = file.error().what};
    const Result<std::string> text = read_all(*file, kMostZoneOctets);
    if (!text) return text.error();
    return parse_zone_file(zone, *text);
  }

  Result<Ok> replace(const Name& zone, std::span<const SetChange> changes) const {
    const Result<OpenFile> lock = lock_folder(folder_);
    if (!lock) return lock.error();
    const Result<ZoneFile> file = load(zone);
    if (!file) return file.error();
    const Result<Ok> allowed = check_may_write(file_name(zone));
    if (!allowed) return allowed;
    const Result<std::vector<ZoneEdit>> edits = edits_for(*file, changes);
    if (!edits) return edits.error();
    const Result<std::string> text = edit_zone_file(*file, *edits, today_);
    if (!text) return text.error();
    if (*text == file->text) return Ok{};
    return replace_file(folder_, file_name(zone), file->text, *text);
  }

  Result<Ok> check_may_write(const std::string& name) const {
    struct stat status {};
    const std::string journal = name + ".jnl";
    if (fstatat(folder_.get(), journal.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      return Error{.what = "a journal (" + journal +
                           ") stands beside the file: its server changes the zone itself; use a "
                           "provider of type rfc2136, or freeze the zone and remove the journal"};
    }
    return check_writable(folder_, name);
  }

  std::string path_;
  OpenFile folder_;
  std::chrono::sys_days today_;
};

}  // namespace

Result<std::unique_ptr<Provider>> make_zonefile_provider(const ProviderSettings& settings) {
  const auto directory = settings.settings.find("directory");
  if (directory == settings.settings.end()) {
    return Error{.what = "the setting \"directory\" is missing", .where = settings.name};
  }
  Result<OpenFile> folder = open_folder_beneath(settings.folder, directory->second);
  if (!folder) return within(settings.name, folder.error());
  return std::unique_ptr<Provider>(std::make_unique<ZoneFileProvider>(
      directory->second, std::move(folder).value(), settings.today));
}

}  // namespace rampart
