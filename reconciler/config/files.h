/// The files beneath the YAML's folder, on disk or in memory, without a way out of it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rampart::config {

/// How the loader sees files. Paths are relative to the folder, with "/" between their parts.
struct FileView {
  std::string folder;  ///< In front of every path when shown: "conf" shows "conf/a.yaml".
  std::function<Result<std::string>(const std::string& path)> read;
  std::function<std::vector<std::string>(std::string_view pattern)> matches;  ///< Sorted.
  std::function<bool(const std::string& path)> has_symlink;  ///< In any part that exists.

  std::string shown(std::string_view path) const;
};

/// The files on disk beneath `folder`. Symlinks are never followed, but for the file named first.
FileView disk_view(std::string folder, std::string first);

/// Files from memory; `files` must outlive the view.
FileView memory_view(std::string folder, const std::map<std::string, std::string>& files);

/// Why `path` must not be used ("is absolute", ...), or nothing.
std::string_view escape_of(std::string_view path);

/// Whether `name` matches `pattern` (`*` and `?`), part by part; `*` matches no leading dot.
bool glob_matches(std::string_view pattern, std::string_view name);

}  // namespace rampart::config
