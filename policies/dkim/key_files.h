/// The public keys in the key folder, `keys/<domain>/<selector>.pub`, beside what the YAML names.
#pragma once

#include <set>
#include <string>

#include "policies/model/policy.h"

namespace rampart {

/// The selectors that have a public key in the domain's key folder, named by the YAML or not.
std::set<std::string> selectors_with_files(const Name& domain, const World& world);

/// The selectors whose name a file of the key folder takes, whether it can be read as a key or not:
/// a symbolic link or damaged file counts too. Includes what a rotation names.
std::set<std::string> selectors_taken(const Name& domain, const World& world);

/// Whether a selector that the YAML names, now or in `past:`, uses the domain's key of this name.
bool names_key(const Domain& domain, const std::string& selector);

/// Reports each key in the domain's key folder that no selector of the YAML names (`key-unnamed`).
/// Anyone who may add a file to the repository can put it there.
void report_unnamed_keys(const Domain& domain, const World& world, PolicyResult& policy_result);

}  // namespace rampart
