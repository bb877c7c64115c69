/// AWS's shared files: credentials and settings by profile.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::route53 {

/// One section's settings.
using Profile = std::map<std::string, std::string>;

/// Every profile of both files, by name.
using Profiles = std::map<std::string, Profile>;

/// Reads one file's text into `profiles`; what is there already wins. In the config file a
/// section is called "profile NAME" (but for "default"), in the credentials' file "NAME".
void read_profiles(std::string_view text, std::string_view section_prefix, Profiles& profiles);

/// Both files, where they exist; an Error names the file, never what it holds.
Result<Profiles> load_profiles(const std::string& credentials_path, const std::string& config_path);

/// A small file's whole text, such as a token's.
Result<std::string> read_small_file(const std::string& path);

}  // namespace rampart::route53
