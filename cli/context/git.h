/// The YAML as it was at a git ref, for `plan --base`.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/result.h"

namespace rampart {

/// Every YAML file in the folder of `config_file` and its sub-folders as of `ref`, and those of
/// `others` (paths in that folder) that exist: path -> text, with the paths that reading the folder
/// itself would give. Runs git, never a shell, and nothing
/// that the repository configures (no filters, no text conversion). An Error names `--base` where
/// `ref` is no commit.
Result<std::map<std::string, std::string>> files_at(const std::string& ref,
                                                    const std::string& config_file,
                                                    const std::set<std::string>& others = {});

/// Whether `path`, relative to `folder`, is in a git work tree that does not ignore it.
bool would_be_committed(const std::string& folder, const std::string& path);

}  // namespace rampart
