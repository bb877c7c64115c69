/// Zone files in a folder: RFC 1035 master files edited in place.
#include "providers/zonefile/zonefile.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/confined_path.h"
#include "base/replace_file.h"
#include "dns/txt.h"
#include "dns/zonefile/zone_file.h"
#include "providers/model/account.h"
#include "providers/zonefile/file_names.h"
#include "providers/zonefile/journal.h"

namespace rampart {
namespace {

constexpr std::string_view kUsualFile = "{zone}.zone";
constexpr std::size_t kMostZoneOctets = 256U << 20U;

/// 65535 octets of RDATA hold 255 strings of 255 octets and one of 254, each with a length octet.
constexpr int kMostZonefileTxtOctets = 65279;

// The whole file is rewritten at once, but only the lines of these sets change.
Result<std::vector<ZoneEdit>> edits_for(const ZoneFile& file, std::span<const SetChange> changes) {
  const RecordSets sets = file.sets();
  TRY_OK(check_no_dname_above([&](const RecordKey& key) { return sets.contains(key); }, file.apex,
                              changes));
  std::vector<ZoneEdit> edits;
  for (const SetChange& change : changes) {
    TRY_OK(check_before(lookup_in(sets), change));
    if (const auto removed = removed_key(change)) edits.push_back({*removed, {}});
    if (change.after) edits.push_back({{change.name, change.after->type}, change.after->set});
  }
  return edits;
}

// Records of $INCLUDE and $GENERATE at the names that a plan concerns: a change of one cannot be
// written, which the plan shows before `apply` meets it.
void add_borrowed(const ZoneFile& file, std::span<const Name> names,
                  std::vector<ZoneNotice>& notices) {
  const std::set<Name> concerned(names.begin(), names.end());
  for (const ZoneEntry& entry : file.entries) {
    if (entry.from.empty() || !concerned.contains(entry.key.name)) continue;
    notices.push_back(
        {.topic = ZoneNotice::Topic::Locked,
         .blocks = true,
         .message = fmt::format("{} {} is set by {}, which Rampart does not edit",
                                entry.key.name.text(), to_text(entry.key.type), entry.from),
         .hint = "change it there, or move the record into the zone's own file",
         .written = entry.key,
         .value = entry.value});
  }
}

// The folder stays open, so that a rename of its path cannot redirect a write.
class ZoneFileProvider : public Provider {
 public:
  /// `today` is for date-style serials; none keeps every serial as it is.
  ZoneFileProvider(std::string path, UniqueFd folder, ZoneFileNames names,
                   std::optional<std::chrono::sys_days> today)
      : path_(std::move(path)),
        folder_(std::move(folder)),
        names_(std::move(names)),
        today_(today) {}

  Result<std::vector<Name>> zones() override {
    TRY(files_, within(path_, names_in(folder_)));
    found_ = zones_among(files_, names_, path_);
    return found_.zones;
  }

  MissingZone missing_zone(const Name& name) const override {
    return missing_file(name, files_, found_, names_);
  }

  std::vector<UnusedZone> unused_zones() const override {
    std::vector<UnusedZone> notes;
    for (const FolderZones::Unused& unused : found_.unused) notes.push_back(unused.note);
    return notes;
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    TRY(const ZoneFile file, within(shown(zone), load(zone)));
    ZoneRead read{.sets = file.sets(), .complete = true};
    const JournalState journal = journal_state(folder_, file_name(zone), file);
    if (auto notice = journal_notice(journal, file_name(zone), zone)) {
      read.notices.push_back(std::move(*notice));
    }
    add_borrowed(file, names, read.notices);
    return read;
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    TRY_OK(within(shown(zone), replace(zone, changes)));
    return Receipt{};
  }

  Limits limits() const override { return zonefile_limits(); }

 private:
  std::string file_name(const Name& zone) const { return names_.file_of(zone); }

  std::string shown(const Name& zone) const { return path_ + "/" + file_name(zone); }

  Result<ZoneFile> load(const Name& zone) const {
    // A label may hold a slash, and the root has no name.
    if (zone.text().find('/') != std::string::npos || zone.is_root()) {
      return Error{.what = "a zone of this name cannot be kept in a file named after it"};
    }
    const Result<UniqueFd> file = open_file_in(folder_, file_name(zone));
    if (!file) return Error{.what = file.error().what};
    TRY(const std::string text, read_all(*file, kMostZoneOctets));
    return parse_zone_file(zone, text, [this](const std::string& name) -> Result<std::string> {
      TRY(const UniqueFd included, open_file_beneath(folder_, name));
      return read_all(included, kMostZoneOctets);
    });
  }

  Result<Ok> replace(const Name& zone, std::span<const SetChange> changes) const {
    // Reading, editing and replacing must see the same file, also beside another run.
    TRY(const auto lock, lock_folder(folder_));
    TRY(const ZoneFile file, load(zone));
    TRY_OK(check_may_write(zone, file));
    TRY(const std::vector<ZoneEdit> edits, edits_for(file, changes));
    TRY(const std::string text, edit_zone_file(file, edits, today_));
    if (text == file.text) return Ok{};  // Nothing to write: the serial stays too.
    return replace_file(folder_, file_name(zone), file.text, text);
  }

  /// A server that takes dynamic updates would overwrite the file, so that it is refused even where
  /// a change loosens enforcement. Checked after the lock was taken, since the server may start its
  /// journal at any time.
  Result<Ok> check_may_write(const Name& zone, const ZoneFile& file) const {
    const std::string name = file_name(zone);
    const JournalState journal = journal_state(folder_, name, file);
    if (journal == JournalState::Dynamic) {
      const auto notice = journal_notice(journal, name, zone);
      return Error{.what = notice->message + "; " + notice->hint};
    }
    return check_writable(folder_, name);
  }

  std::string path_;
  UniqueFd folder_;
  ZoneFileNames names_;
  std::optional<std::chrono::sys_days> today_;
  std::vector<std::string> files_;  ///< Of the folder, as `zones` saw it.
  FolderZones found_;
};

}  // namespace

std::vector<ProviderSetting> zonefile_settings() {
  return {{.name = "directory",
           .doc = "The folder of the zone files, under the folder of this file.",
           .form = SettingForm::Folder},
          {.name = "file",
           .doc = "How the zones' files are named; {zone}.zone by default.",
           .pattern = R"(^(?!\.)[^/\\{}]*\{zone\}[^/\\{}]*$)",
           .check = [](const std::string& text) -> Result<Ok> {
             TRY_OK(ZoneFileNames::parse(text));
             return Ok{};
           },
           .advice = "write the name of a file with {zone} in it, such as \"db.{zone}\""},
          {.name = "serial",
           .doc = "Whether the serial of an edited zone is raised (raise, the default) or left to "
                  "the tool that publishes it (keep).",
           .form = SettingForm::Word,
           .words = {"raise", "keep"}}};
}

Limits zonefile_limits() { return {.max_txt_octets = kMostZonefileTxtOctets}; }

Result<std::unique_ptr<Provider>> make_zonefile_provider(const ProviderSettings& settings) {
  TRY(const std::string directory, required_setting(settings, "directory"));
  TRY(UniqueFd folder, within(settings.name, open_folder_beneath(settings.folder, directory)));
  TRY(ZoneFileNames names, within(settings.name + ": file", ZoneFileNames::parse(settings.setting(
                                                                "file", std::string(kUsualFile)))));
  const bool keeps = settings.setting("serial") == "keep";
  return std::unique_ptr<Provider>(
      std::make_unique<ZoneFileProvider>(directory, std::move(folder), std::move(names),
                                         keeps ? std::nullopt : std::optional(settings.today)));
}

}  // namespace rampart
