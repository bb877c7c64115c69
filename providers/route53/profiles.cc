/// Reading AWS's shared files.
#include "providers/route53/profiles.h"

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace rampart::route53 {
namespace {

constexpr std::size_t kMostOctets = 1U << 20U;

/// The profile that a section's heading opens; nothing for a section of another kind. The two files
/// name their sections differently: "[profile x]" in one, "[x]" in the other.
std::string profile_of(std::string_view heading, std::string_view prefix) {
  std::string_view name = trim(heading.substr(0, heading.find(']')));
  if (prefix.empty() || name == "default") return std::string(name);
  if (!name.starts_with(prefix)) return {};
  return std::string(trim(name.substr(prefix.size())));
}

// A missing file is normal, an unreadable one is not.
Result<Ok> load(const std::string& path, std::string_view prefix, Profiles& profiles) {
  std::error_code missing;
  if (path.empty() || !std::filesystem::exists(path, missing)) return Ok{};
  TRY(const std::string text, read_small_file(path));
  read_profiles(text, prefix, profiles);
  return Ok{};
}

}  // namespace

// Limited, since a path from the environment may lead to a device.
Result<std::string> read_small_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{.what = "it cannot be read", .where = path};
  std::string text(kMostOctets, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() == kMostOctets) return Error{.what = "it is too long", .where = path};
  return text;
}

// The first value of a setting stays, so that the file which is read first wins.
void read_profiles(std::string_view text, std::string_view section_prefix, Profiles& profiles) {
  std::string profile;
  while (!text.empty()) {
    const std::string_view raw = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(raw.size() + 1, text.size()));
    const std::string_view line = trim(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      profile = profile_of(line.substr(1), section_prefix);
      if (!profile.empty()) profiles[profile];
      continue;
    }
    const std::size_t equals = line.find('=');
    // An indented line belongs to a nested setting; none of those holds credentials.
    if (profile.empty() || equals == std::string_view::npos || is_blank(raw[0])) {
      continue;
    }
    profiles[profile].emplace(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
}

Result<Profiles> load_profiles(const std::string& credentials_path,
                               const std::string& config_path) {
  Profiles profiles;
  // The credentials file wins where both give a setting, as in AWS's own tools.
  TRY_OK(load(credentials_path, "", profiles));
  TRY_OK(load(config_path, "profile ", profiles));
  return profiles;
}

}  // namespace rampart::route53
