/// Files named by the YAML: beneath its folder, through no symbolic link.
#include "base/confined_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace rampart {
namespace {

int open_again(int folder, const std::string& name, int flags) {
  int fd = -1;
  do {
    fd = openat(folder, name.c_str(), flags | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

Error cannot_open(const std::string& name) {
  if (errno == ELOOP) {
    return Error{.what = "it is a symbolic link; put the file or folder itself there",
                 .where = name};
  }
  return Error{.what = system_reason(), .where = name};
}

/// Whether `name` in `folder` is a symbolic link: opening one as a folder says ENOTDIR.
bool is_link(int folder, const std::string& name) {
  struct stat status {};
  return fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
}

}  // namespace

OpenFile::OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

OpenFile::~OpenFile() {
  if (fd_ >= 0) close(fd_);
}

std::string system_reason() { return std::generic_category().message(errno); }

Result<OpenFile> open_folder_beneath(const std::string& root, std::string_view path) {
  const std::string shown(path);
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) {
    return Error{.what = "the path must be relative to the YAML's folder", .where = shown};
  }
  const std::string start = root.empty() ? "." : root;
  OpenFile folder(open_again(AT_FDCWD, start, O_RDONLY | O_DIRECTORY));
  if (folder.get() < 0) return cannot_open(start);
  while (!path.empty()) {
    const std::string part(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      return Error{.what = "the path climbs out of the YAML's folder", .where = shown};
    }
    OpenFile next(open_again(folder.get(), part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (next.get() < 0) {
      const int reason = errno;
      errno = is_link(folder.get(), part) ? ELOOP : reason;
      return cannot_open(shown);
    }
    folder = std::move(next);
  }
  return folder;
}

Result<OpenFile> open_file_in(const OpenFile& folder, const std::string& name) {
  // O_NONBLOCK keeps a named pipe from holding the program up.
  OpenFile file(open_again(folder.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) return cannot_open(name);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return cannot_open(name);
  if (!S_ISREG(status.st_mode)) return Error{.what = "it is no regular file", .where = name};
  return file;
}

Result<std::string> read_all(const OpenFile& file, std::size_t most) {
  std::string text;
  std::array<char, 65536> piece{};
  while (true) {
    const ssize_t got =
        pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{.what = system_reason()};
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > most) {
      return Error{.what = "the file is larger than " + std::to_string(most) + " octets"};
    }
  }
}

}  // namespace rampart
