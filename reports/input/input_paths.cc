/// Expands the paths of a command line to files.
#include <glob.h>

#include <algorithm>
#include <filesystem>

#include "reports/input/unpack.h"

namespace rampart::reports {
namespace {

namespace fs = std::filesystem;

bool is_maildir(const fs::path& folder) {
  std::error_code none;
  return fs::is_directory(folder / "cur", none) && fs::is_directory(folder / "new", none);
}

/// An entry of a folder. A link to a folder is not a folder here, so that no cycle is followed.
struct Entry {
  fs::path path;
  bool is_folder = false;
  bool is_file = false;
};

/// A folder's entries by name.
std::vector<Entry> entries_of(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    // The directory listing usually contains the type, so these calls need no stat().
    std::error_code none;
    entries.push_back(
        {at->path(), !at->is_symlink(none) && at->is_directory(none), at->is_regular_file(none)});
  }
  std::ranges::sort(entries, {},
                    [](const Entry& one) -> const std::string& { return one.path.native(); });
  return entries;
}

void add_files(const fs::path& folder, std::vector<std::string>& files) {
  const bool maildir = is_maildir(folder);
  for (const Entry& entry : entries_of(folder)) {
    const std::string name = entry.path.filename().string();
    if (entry.is_folder) {
      // The sub-folders of Maildir++ have hidden names, and tmp contains unfinished mails.
      if (maildir ? name == "tmp" : name.starts_with('.') && !is_maildir(entry.path)) continue;
      add_files(entry.path, files);
    } else if (!maildir && !name.starts_with('.') && entry.is_file) {
      files.push_back(entry.path.string());
    }
  }
}

bool add_matches(const std::string& path, std::vector<std::string>& files) {
  glob_t found{};
  const bool any = ::glob(path.c_str(), 0, nullptr, &found) == 0;
  for (std::size_t i = 0; any && i < found.gl_pathc; ++i) {
    std::error_code none;
    if (fs::is_directory(found.gl_pathv[i], none)) {
      add_files(found.gl_pathv[i], files);
    } else {
      files.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  return any;
}

}  // namespace

std::vector<std::string> expand_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code none;
    if (path == "-") {
      files.push_back(path);
    } else if (fs::is_directory(path, none)) {
      add_files(path, files);
    } else if (fs::exists(path, none) || !add_matches(path, files)) {
      files.push_back(path);
    }
  }
  return files;
}

}  // namespace rampart::reports
