/// Public keys from files that the YAML or the key folder names.
#pragma once

#include <map>
#include <string>

#include "policies/model/policy.h"

namespace rampart {

/// Reads the text of `path`, which must lie beneath `folder` and be reached through no symbolic
/// link. An Error says what is wrong and never quotes what the file says.
Result<std::string> read_beneath(const std::string& folder, const std::string& path);

/// Every public key that the domains name, by its path: those of `public_key:` and those of the
/// selectors of rotations.
std::map<std::string, PublicKey> read_public_keys(const Config& config);

}  // namespace rampart
