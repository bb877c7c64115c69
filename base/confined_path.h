/// Files named by the YAML: inside its folder, reached through no symbolic link.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace rampart {

/// Opens the folder at `path` below `root`. An Error where the path is absolute, leaves `root` with
/// "..", or passes through a symbolic link below `root`.
Result<UniqueFd> open_folder_beneath(const std::string& root, std::string_view path);

/// Opens the regular file at `path` below `folder`, under the same conditions.
Result<UniqueFd> open_file_beneath(const UniqueFd& folder, std::string_view path);

/// Opens the regular file `name` directly in `folder` for reading; a symbolic link is an Error.
Result<UniqueFd> open_file_in(const UniqueFd& folder, const std::string& name);

/// The names of the entries of a folder, sorted, because their order differs between file systems.
/// Hidden ones are left out: they are an editor's, or our own temporary files.
Result<std::vector<std::string>> names_in(const UniqueFd& folder);

/// All octets of an open file; an Error where there are more than `most`.
Result<std::string> read_all(const UniqueFd& file, std::size_t most);

/// The reason of the last failed system call (errno): "Permission denied".
std::string system_reason();

/// `what` with the reason of the last failed system call: "the file cannot be read: ...".
Error system_failure(const std::string& what);

}  // namespace rampart
