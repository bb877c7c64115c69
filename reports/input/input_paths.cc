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

/// Whether the reason that an entry's type is unknown is more than a link to nowhere or in circles:
/// then it may be a report, and opening it shows the reason.
bool is_unreadable(const std::error_code& error) {
  return error && error != std::errc::no_such_file_or_directory &&
         error != std::errc::too_many_symbolic_link_levels;
}

/// A folder's entries by name. `error` is set where there may be more of them.
std::vector<Entry> entries_of(const fs::path& folder, std::error_code& error) {
  std::vector<Entry> entries;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    // The directory listing usually contains the type, so these calls need no stat().
    std::error_code none;
    std::error_code unknown;
    const bool is_file = at->is_regular_file(unknown);
    entries.push_back({at->path(), !at->is_symlink(none) && at->is_directory(none),
                       is_file || is_unreadable(unknown)});
  }
  // The order of a directory differs between file systems, and messages and progress should not.
  std::ranges::sort(entries, {},
                    [](const Entry& one) -> const std::string& { return one.path.native(); });
  return entries;
}

void add_files(const fs::path& folder, std::vector<std::string>& files) {
  const bool maildir = is_maildir(folder);
  std::error_code error;
  const std::vector<Entry> entries = entries_of(folder, error);
  // A folder that cannot be listed is listed itself: opening it shows the reason.
  if (error) files.push_back(folder.string());
  for (const Entry& entry : entries) {
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

/// The folders that `glob` could not list: it takes a function without a context.
thread_local std::vector<std::string>* closed_folders = nullptr;

int note_unlisted(const char* folder, int /*error*/) {
  closed_folders->emplace_back(folder);
  return 0;
}

bool add_matches(const std::string& path, std::vector<std::string>& files) {
  // Shells leave a pattern unexpanded if it is quoted or has no match, and command lines are too
  // short for a hundred thousand names.
  glob_t found{};
  std::vector<std::string> closed;
  closed_folders = &closed;
  const bool any = ::glob(path.c_str(), 0, note_unlisted, &found) == 0;
  closed_folders = nullptr;
  for (std::size_t i = 0; any && i < found.gl_pathc; ++i) {
    std::error_code none;
    if (fs::is_directory(found.gl_pathv[i], none)) {
      add_files(found.gl_pathv[i], files);
    } else {
      files.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  /// glob also reports files in the place of folders, which hide no report.
  std::ranges::copy_if(closed, std::back_inserter(files), [](const std::string& folder) {
    std::error_code none;
    return fs::is_directory(folder, none);
  });
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
