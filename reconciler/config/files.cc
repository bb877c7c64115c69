/// Files on disk and in memory as the configuration reads them.
#include "reconciler/config/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/unique_fd.h"

namespace rampart::config {
namespace {

constexpr std::size_t kMaxRead = (std::size_t{64} << 20) + 1;  // One octet more than the limit.

// "a//b" and "./a/b" name one file, so that a pattern and a path compare part by part.
std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
  }
  return parts;
}

std::string joined(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

Error system_error(const std::string& path) { return {std::strerror(errno), path}; }

// A device or a pipe is refused: reading one could block for ever, and its text could not be read
// again for the digest.
Result<std::string> read_descriptor(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return system_error(path);
  if (!S_ISREG(status.st_mode)) return Error{"this is not a regular file", path};
  std::string text;
  char block[1 << 16];
  while (text.size() < kMaxRead) {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path);
    if (got == 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

// Opens part by part and follows no symlink: a check before opening could be outrun by a change of
// the folder. O_NONBLOCK keeps a FIFO from blocking the program for ever.
Result<std::string> read_beneath(const std::string& folder, const std::string& path) {
  const std::vector<std::string> parts = parts_of(path);
  UniqueFd at(::open(folder.c_str(), O_DIRECTORY | O_CLOEXEC));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!at) return system_error(path);
    const int kind = i + 1 < parts.size() ? O_DIRECTORY : O_NONBLOCK;
    at = UniqueFd(::openat(at.get(), parts[i].c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind));
  }
  if (!at) return system_error(path);
  return read_descriptor(at.get(), path);
}

// The user may keep domains.yaml behind a link, as Kubernetes mounts do; O_NONBLOCK still keeps a
// FIFO from blocking.
Result<std::string> read_first(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return system_error(path);
  return read_descriptor(file.get(), path);
}

// Sorted, because the order of a folder differs between file systems and would show in the order of
// messages.
Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
  // A file where the pattern has a folder, or a folder that has just been removed, matches nothing.
  if (!dir && (errno == ENOTDIR || errno == ENOENT)) return names;
  if (!dir) return system_error(folder);
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) names.emplace_back(entry->d_name);
  if (errno != 0) return system_error(folder);
  std::ranges::sort(names);
  return names;
}

// Stops at the first part that does not exist: reading it fails anyway, with a better message.
bool symlink_beneath(const std::string& folder, const std::string& path) {
  std::string here = folder;
  for (const std::string& part : parts_of(path)) {
    here = joined(here, part);
    struct stat status {};
    if (::lstat(here.c_str(), &status) != 0) return false;
    if (S_ISLNK(status.st_mode)) return true;
  }
  return false;
}

// Adds every path under `folder`/`below` that matches the parts of the pattern from `at` on.
Result<Ok> collect(const std::string& folder, const std::string& below,
                   const std::vector<std::string>& parts, std::size_t at,
                   std::vector<std::string>& found) {
  if (at == parts.size()) {
    found.push_back(below);
    return Ok{};
  }
  const std::string here = below.empty() ? folder : joined(folder, below);
  TRY(const std::vector<std::string> names, names_in(here));
  for (const std::string& name : names) {
    if (name == "." || name == ".." || !glob_matches(parts[at], name)) continue;
    const std::string path = joined(below, name);
    // A symlink is returned itself, so that the caller refuses it, and is not followed.
    const bool linked = symlink_beneath(folder, path);
    TRY_OK(collect(folder, path, parts, linked ? parts.size() : at + 1, found));
  }
  return Ok{};
}

// Matches with backtracking to the last `*` alone, so that no pattern takes exponential time.
bool part_matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

std::string shown_path(std::string_view folder, std::string_view path) {
  return folder.empty() || folder == "." ? std::string(path) : joined(folder, path);
}

bool glob_matches(std::string_view pattern, std::string_view name) {
  const std::vector<std::string> patterns = parts_of(pattern);
  const std::vector<std::string> names = parts_of(name);
  if (patterns.size() != names.size()) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].front() == '.' && patterns[i].front() != '.') return false;
    if (!part_matches(patterns[i], names[i])) return false;
  }
  return true;
}

std::string_view escape_of(std::string_view path) {
  if (path.empty()) return "is empty";
  if (path.front() == '/') return "is absolute";
  if (path.find('\\') != std::string_view::npos) return "contains a backslash";
  if (path.find('\0') != std::string_view::npos) return "contains a NUL";
  const std::vector<std::string> parts = parts_of(path);
  if (std::ranges::find(parts, "..") != parts.end()) return "contains `..`";
  return {};
}

bool has_hidden_part(std::string_view path) {
  return std::ranges::any_of(parts_of(path),
                             [](const std::string& part) { return part.starts_with('.'); });
}

// The functions copy the folder: the view outlives the caller's strings while a configuration is
// read.
FileView disk_view(std::string folder, std::string first) {
  FileView view;
  view.folder = folder;
  view.read = [folder, first](const std::string& path) {
    return path == first ? read_first(joined(folder, path)) : read_beneath(folder, path);
  };
  view.matches = [folder](std::string_view pattern) -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    TRY_OK(collect(folder, "", parts_of(pattern), 0, found));
    std::ranges::sort(found);
    return found;
  };
  view.has_symlink = [folder](const std::string& path) { return symlink_beneath(folder, path); };
  return view;
}

// For `plan --base` the texts come from git and for edits from memory; both behave as the disk
// does, except that nothing can be a link.
FileView memory_view(std::string folder, const std::map<std::string, std::string>& files) {
  FileView view;
  view.folder = folder;
  const auto whole = [folder](std::string_view path) { return shown_path(folder, path); };
  view.read = [&files, whole](const std::string& path) -> Result<std::string> {
    const auto found = files.find(whole(path));
    if (found == files.end()) return Error{"No such file or directory", path};
    return found->second;
  };
  view.matches = [&files, whole,
                  folder](std::string_view pattern) -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    const std::size_t skip = whole("").size();
    for (const auto& [path, text] : files) {
      if (glob_matches(whole(pattern), path)) found.push_back(path.substr(skip));
    }
    return found;
  };
  view.has_symlink = [](const std::string&) { return false; };
  return view;
}

}  // namespace rampart::config
