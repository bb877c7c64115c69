/// The YAML as it was at a git ref, for `plan --base`.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace rampart {

/// Every YAML file beneath the folder of `config_file` as `ref` has it: path -> text, each path
/// written as it would be if it were read from the folder. Runs git, never a shell, and nothing
/// that the repository configures (no filters, no text conversion).
Result<std::map<std::string, std::string>> files_at(const std::string& ref,
                                                    const std::string& config_file);

/// Whether `path` beneath `folder` lies in a git work tree that does not ignore it.
bool would_be_committed(const std::string& folder, const std::string& path);

}  // namespace rampart
