/// The configuration at a git ref, and the files that a configuration is made of.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "policies/model/policy.h"
#include "reconciler/plan/trust_edits.h"

namespace rampart {

/// A configuration with what lies beside its YAML.
struct ConfigWithFiles {
  Config config;
  FilesBeside beside;
};

/// What `ref` holds of the configuration that is now `config`; the built-in one where its file did
/// not exist then. An Error where git fails or the YAML has mistakes.
Result<ConfigWithFiles> config_at(const std::string& ref, const Config& config);

/// What lies beside the YAML of `config` on disk.
FilesBeside files_beside(const Config& config);

/// Every file and folder that commands read for this configuration: the YAML and what it includes,
/// public keys and certificates that it names, the key folder, spf.lock, folders of zone files; a
/// link's target beside it. As paths from the working directory, sorted; some may not exist.
std::vector<std::string> files_read(const Config& config);

}  // namespace rampart
