#include "base/confined_path.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace rampart {
namespace {

// Signals interrupt an open on network file systems.
UniqueFd open_at(int folder, const std::string& name, int flags) {
  int fd = -1;
  do {
    fd = openat(folder, name.c_str(), flags | O_RDONLY | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return UniqueFd(fd);
}

Error cannot_open(const std::string& name) {
  if (errno != ELOOP) return Error{.what = system_reason(), .where = name};
  return Error{.what = "it is a symbolic link; put the file or folder itself there", .where = name};
}

// With O_DIRECTORY the kernel reports a symbolic link as ENOTDIR, not ELOOP, so it is looked up.
bool is_link(int folder, const std::string& name) {
  struct stat status {};
  return fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
}

// Part by part with O_NOFOLLOW: checking the whole path first would leave time to swap a folder
// for a link. openat2(RESOLVE_BENEATH) does the same, but not on every kernel and container.
Result<UniqueFd> descend(UniqueFd folder, std::string_view path) {
  const std::string shown(path);
  while (!path.empty()) {
    const std::string part(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part == "..") return Error{.what = "the path leaves the folder", .where = shown};
    UniqueFd next = open_at(folder.get(), part, O_DIRECTORY | O_NOFOLLOW);
    if (!next) {
      const int reason = errno;
      errno = is_link(folder.get(), part) ? ELOOP : reason;
      return cannot_open(shown);
    }
    folder = std::move(next);
  }
  return folder;
}

bool is_relative(std::string_view path) {
  return !path.empty() && path.front() != '/' && path.find('\0') == std::string_view::npos;
}

}  // namespace

std::string system_reason() { return std::generic_category().message(errno); }

Error system_failure(const std::string& what) {
  return Error{.what = what + ": " + system_reason()};
}

Result<UniqueFd> open_folder_beneath(const std::string& root, std::string_view path) {
  if (!is_relative(path)) {
    return Error{.what = "the path must be relative to the YAML's folder",
                 .where = std::string(path)};
  }
  const std::string start = root.empty() ? "." : root;
  UniqueFd folder = open_at(AT_FDCWD, start, O_DIRECTORY);
  if (!folder) return cannot_open(start);
  return descend(std::move(folder), path);
}

Result<UniqueFd> open_file_beneath(const UniqueFd& folder, std::string_view path) {
  if (!is_relative(path)) {
    return Error{.what = "the path must be relative to the folder", .where = std::string(path)};
  }
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return open_file_in(folder, std::string(path));
  UniqueFd start = open_at(folder.get(), ".", O_DIRECTORY);
  if (!start) return cannot_open(std::string(path));
  TRY(const UniqueFd below, descend(std::move(start), path.substr(0, slash)));
  return open_file_in(below, std::string(path.substr(slash + 1)));
}

Result<UniqueFd> open_file_in(const UniqueFd& folder, const std::string& name) {
  // Links are refused here too: the last part of a path could lead out of the folder as any other.
  // O_NONBLOCK: opening a named pipe must not block the program.
  UniqueFd file = open_at(folder.get(), name, O_NOFOLLOW | O_NONBLOCK);
  if (!file) return cannot_open(name);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return cannot_open(name);
  if (!S_ISREG(status.st_mode)) return Error{.what = "it is not a regular file", .where = name};
  return file;
}

Result<std::vector<std::string>> names_in(const UniqueFd& folder) {
  // fdopendir takes its descriptor over, so it gets one of its own.
  const int copy = openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(copy < 0 ? nullptr : fdopendir(copy), closedir);
  if (!listing) return Error{.what = system_reason()};
  std::vector<std::string> names;
  errno = 0;
  for (const dirent* entry = readdir(listing.get()); entry != nullptr;
       entry = readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with('.')) names.emplace_back(name);
  }
  if (errno != 0) return Error{.what = system_reason()};
  std::ranges::sort(names);
  return names;
}

Result<std::string> read_all(const UniqueFd& file, std::size_t most) {
  std::string text;
  std::array<char, 65536> piece{};
  while (true) {
    // By position, so that the same descriptor can be read again.
    const ssize_t got =
        pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{.what = system_reason()};
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    // Checked while reading and not by fstat: a file can grow, and some file systems report no
    // size.
    if (text.size() > most) {
      return Error{.what = "the file is larger than " + std::to_string(most) + " octets"};
    }
  }
}

}  // namespace rampart
