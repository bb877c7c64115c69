/// Which file of a folder is which zone's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.h"
#include "providers/model/provider.h"

namespace rampart {

/// The names of zone files: "{zone}.zone", "db.{zone}".
class ZoneFileNames {
 public:
  /// Reads a pattern with one `{zone}`, which is replaced by the zone's name in lower case,
  /// A-labels and without the final dot. A pattern is the name of a file, not a path.
  static Result<ZoneFileNames> parse(std::string_view pattern);

  /// The name of the zone's file.
  std::string file_of(const Name& zone) const;

  /// What is written in the place of `{zone}`, or nothing for other files. Letters are compared
  /// without case, so that a file with the wrong case is found and can be reported.
  std::optional<std::string> zone_in(std::string_view file) const;

 private:
  std::string before_;
  std::string after_;
};

/// The zones of a folder, and the files in it that are named almost as a zone's.
struct FolderZones {
  /// A file that is not used, and the zone that it seems to hold.
  struct Unused {
    std::optional<Name> zone;
    UnusedZone note;
  };

  std::vector<Name> zones;  ///< In the order of the files.
  std::vector<Unused> unused;
};

/// `files` are the names in the folder `shown_folder`. A file whose name is not that of a zone is
/// left out alone: it must not hide the others.
FolderZones zones_among(const std::vector<std::string>& files, const ZoneFileNames& names,
                        std::string_view shown_folder);

/// Why there is no zone at or above `name`: the file that seems to be its own, and how to use it.
MissingZone missing_file(const Name& name, const std::vector<std::string>& files,
                         const FolderZones& zones, const ZoneFileNames& names);

}  // namespace rampart
