/// The files under the YAML's folder, on disk or in memory; no path leads out of it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::config {

/// `path` with `folder` in front, as messages show it: "conf" and "a.yaml" give "conf/a.yaml".
std::string shown_path(std::string_view folder, std::string_view path);

/// How the loader sees files. Paths are relative to the folder, with "/" between their parts.
struct FileView {
  std::string folder;  ///< Prefix of shown paths: "conf" shows "conf/a.yaml".
  std::function<Result<std::string>(const std::string& path)> read;
  /// The files that match, sorted; an Error where a folder cannot be read: its files are not known.
  std::function<Result<std::vector<std::string>>(std::string_view pattern)> matches;
  std::function<bool(const std::string& path)> has_symlink;  ///< In any existing part of it.

  std::string shown(std::string_view path) const { return shown_path(folder, path); }
};

/// The files on disk under `folder`. Symlinks are never followed, except for the file `first`: the
/// user names it, while the other paths come from a pull request.
FileView disk_view(std::string folder, std::string first);

/// Files from memory; `files` must outlive the view.
FileView memory_view(std::string folder, const std::map<std::string, std::string>& files);

/// Why `path` must not be used ("is absolute", ...), or nothing.
std::string_view escape_of(std::string_view path);

/// Whether a part of `path` other than "." begins with a dot.
bool has_hidden_part(std::string_view path);

/// Whether `name` matches `pattern` (`*` and `?`), part by part; `*` does not match a leading dot.
bool glob_matches(std::string_view pattern, std::string_view name);

}  // namespace rampart::config
