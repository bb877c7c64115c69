/// Public keys from files that the YAML or the key folder names.
#pragma once

#include <map>
#include <string>

#include "policies/model/policy.h"

namespace rampart {

/// Reads the text of `path`, a path under `folder` that passes no symbolic link. An Error gives the
/// reason and never quotes the file's content.
Result<std::string> read_beneath(const std::string& folder, const std::string& path);

/// Every public key that the domains name, by its path: those of `public_key:` and those of the
/// selectors of rotations; and every other one in the key folders of domains with rotations.
std::map<std::string, PublicKey> read_public_keys(const Config& config);

}  // namespace rampart
