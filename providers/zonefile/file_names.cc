/// Which file of a folder is which zone's: patterns, and names that are almost right.
#include "providers/zonefile/file_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dns/txt.h"

namespace rampart {
namespace {

constexpr std::string_view kPlace = "{zone}";

/// What servers, editors and we ourselves write beside a zone file; none is a zone.
constexpr std::array<std::string_view, 11> kCompanions = {
    ".jnl", ".jbk", ".signed", ".bak", ".orig", ".rej", ".swp", ".tmp", ".old", ".lock", "~"};

/// How other tools begin the names of zone files.
constexpr std::array<std::string_view, 6> kPrefixes = {"",     "db.",     "named.",
                                                       "pri.", "master.", "zone."};

bool is_companion(std::string_view file) {
  return file.starts_with('.') || std::ranges::any_of(kCompanions, [&](std::string_view end) {
           return file.ends_with(end);
         });
}

// Whether `file` is `zone` with one of the usual additions: db.example.com, example.com.db,
// "example.com (copy).zone".
std::optional<std::string_view> prefix_of(std::string_view file, std::string_view zone) {
  for (const std::string_view prefix : kPrefixes) {
    if (!file.starts_with(prefix) || !file.substr(prefix.size()).starts_with(zone)) continue;
    const std::string_view rest = file.substr(prefix.size() + zone.size());
    if (rest.empty() || std::string_view("._- (").find(rest.front()) != rest.npos) return prefix;
  }
  return std::nullopt;
}

}  // namespace

// A path would let the pattern leave the folder, and a name that begins with a dot is hidden.
Result<ZoneFileNames> ZoneFileNames::parse(std::string_view pattern) {
  const std::size_t place = pattern.find(kPlace);
  if (place == pattern.npos) return Error{.what = fmt::format("`{}` has no {{zone}}", pattern)};
  ZoneFileNames names;
  names.before_ = pattern.substr(0, place);
  names.after_ = pattern.substr(place + kPlace.size());
  const std::string around = names.before_ + names.after_;
  if (around.find_first_of("/\\{}") != std::string::npos || around.find('\0') != around.npos) {
    return Error{.what = fmt::format("`{}` is not the name of a file with one {{zone}}", pattern)};
  }
  if (pattern.starts_with('.')) {
    return Error{.what = fmt::format("`{}` begins with a dot: hidden files are not read", pattern)};
  }
  if (is_companion("x" + names.after_)) {
    return Error{
        .what = fmt::format("`{}` ends as a journal, a backup or a signed copy does", pattern)};
  }
  return names;
}

std::string ZoneFileNames::file_of(const Name& zone) const {
  return before_ + zone.text() + after_;
}

std::optional<std::string> ZoneFileNames::zone_in(std::string_view file) const {
  const std::string lower = ascii_lower(file);
  if (file.size() <= before_.size() + after_.size() || !lower.starts_with(ascii_lower(before_)) ||
      !lower.ends_with(ascii_lower(after_))) {
    return std::nullopt;
  }
  return std::string(file.substr(before_.size(), file.size() - before_.size() - after_.size()));
}

FolderZones zones_among(const std::vector<std::string>& files, const ZoneFileNames& names,
                        std::string_view shown_folder) {
  FolderZones found;
  for (const std::string& file : files) {
    const std::optional<std::string> text = names.zone_in(file);
    if (!text || is_companion(file)) continue;
    const std::string path = fmt::format("{}/{}", shown_folder, printable(file));
    const Result<Name> zone = Name::parse(*text);
    if (!zone || zone->is_root()) {
      found.unused.push_back(
          {std::nullopt,
           {path, fmt::format("`{}` is not the name of a zone", printable(*text)),
            "rename the file after its zone, or move it to another folder"}});
    } else if (const std::string right = names.file_of(*zone); right == file) {
      found.zones.push_back(*zone);
    } else if (std::ranges::find(files, right) != files.end()) {
      // Else two spellings of one zone could exist side by side.
      found.unused.push_back({*zone,
                              {path, fmt::format("the zone's file is {}, which exists too", right),
                               "remove this file, or move it to another folder"}});
    } else {
      found.unused.push_back({*zone,
                              {path, "zone files are named in lower case, with A-labels (xn--...)",
                               fmt::format("rename it to {}", right)}});
    }
  }
  return found;
}

MissingZone missing_file(const Name& name, const std::vector<std::string>& files,
                         const FolderZones& zones, const ZoneFileNames& names) {
  for (Name at = name; !at.is_root(); at = at.parent()) {
    for (const FolderZones::Unused& unused : zones.unused) {
      if (unused.zone != at) continue;
      return {fmt::format("does not read {}: {}", unused.note.what, unused.note.why),
              unused.note.advice};
    }
    // A file may be named after any host; below a top-level domain the guess would be wild.
    if (at.labels().size() < 2) break;
    for (const std::string& file : files) {
      const auto prefix = prefix_of(ascii_lower(file), at.text());
      const auto zone = names.zone_in(file);
      const bool used = zone && Name::parse(*zone).ok();
      if (!prefix || used || is_companion(file)) continue;
      const std::string end = file.substr(prefix->size() + at.text().size());
      const std::string pattern = fmt::format("{}{{zone}}{}", *prefix, end);
      const bool usable = ascii_lower(file) == file && end.find(' ') == end.npos;
      return {fmt::format("does not read {}: the zone's file must be named {}", printable(file),
                          names.file_of(at)),
              fmt::format("rename it to {}{}", names.file_of(at),
                          usable ? fmt::format(", or write `file: \"{}\"` in this provider's "
                                               "settings",
                                               pattern)
                                 : "")};
    }
  }
  return {"holds no zone for it", ""};
}

}  // namespace rampart
