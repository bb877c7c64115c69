/// Key files by descriptors, so that nobody can exchange a folder underneath.
#include "keys/secure_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace rampart {
namespace {

constexpr std::size_t kMostOctets = 256 * 1024;
constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

Error failed(const std::string& what) { return {what + ": " + std::strerror(errno)}; }

std::string beside(const std::string& name) { return "." + name + ".new"; }

Result<Ok> write_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t wrote = ::write(fd, octets.data(), octets.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("the file cannot be written");
    octets.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return failed("the file cannot be synced");
  return Ok{};
}

}  // namespace

bool is_plain_part(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::ranges::none_of(name, [](char c) {
    return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

KeyDirectory::KeyDirectory(KeyDirectory&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

KeyDirectory& KeyDirectory::operator=(KeyDirectory&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

KeyDirectory::~KeyDirectory() {
  if (fd_ >= 0) ::close(fd_);
}

Result<KeyDirectory> KeyDirectory::open(const std::string& root, std::string_view inside) {
  return walk(root, inside, Missing::Fails);
}

Result<KeyDirectory> KeyDirectory::make(const std::string& root, std::string_view inside) {
  return walk(root, inside, Missing::IsMade);
}

Result<KeyDirectory> KeyDirectory::walk(const std::string& root, std::string_view inside,
                                        Missing missing) {
  KeyDirectory at(::open(root.empty() ? "." : root.c_str(), kFolder));
  if (at.fd_ < 0) return within(root, failed("the folder cannot be opened"));
  while (!inside.empty()) {
    const std::size_t slash = std::min(inside.find('/'), inside.size());
    const std::string part(inside.substr(0, slash));
    inside.remove_prefix(std::min(slash + 1, inside.size()));
    if (!is_plain_part(part)) return Error{"`" + part + "` is no folder's name here"};
    if (missing == Missing::IsMade && ::mkdirat(at.fd_, part.c_str(), 0700) != 0 &&
        errno != EEXIST) {
      return within(part, failed("the folder cannot be made"));
    }
    KeyDirectory next(::openat(at.fd_, part.c_str(), kFolder | O_NOFOLLOW));
    if (next.fd_ < 0) {
      const bool link = errno == ELOOP || errno == ENOTDIR;
      if (link) return within(part, Error{"it is a symbolic link, or no folder"});
      return within(part, failed("the folder cannot be opened"));
    }
    at = std::move(next);
  }
  return at;
}

bool KeyDirectory::has(const std::string& name) const {
  struct stat status {};
  return ::fstatat(fd_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<Secret> KeyDirectory::read(const std::string& name) const {
  const int fd = ::openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ELOOP) return within(name, Error{"it is a symbolic link"});
    return within(name, failed("it cannot be read"));
  }
  const KeyDirectory closes(fd);
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return within(name, Error{"it is no regular file"});
  }
  if (static_cast<std::size_t>(status.st_size) > kMostOctets) {
    return within(name, Error{"it is too large for a key"});
  }
  Secret octets = Secret::of_size(static_cast<std::size_t>(status.st_size));
  std::size_t have = 0;
  while (have < octets.size()) {
    const ssize_t got = ::read(fd, octets.octets() + have, octets.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return within(name, failed("it cannot be read"));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  octets.shrink(have);
  return octets;
}

// The whole file, synced, under a name of its own.
Result<Ok> KeyDirectory::write_beside(const std::string& name, std::string_view octets,
                                      unsigned mode) const {
  const std::string path = beside(name);
  ::unlinkat(fd_, path.c_str(), 0);  // One that a killed run left behind.
  const int fd =
      ::openat(fd_, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return within(name, failed("the file cannot be made"));
  const KeyDirectory closes(fd);
  const auto done = ::fchmod(fd, static_cast<mode_t>(mode)) != 0
                        ? Result<Ok>(failed("the file's mode cannot be set"))
                        : write_all(fd, octets);
  if (done) return Ok{};
  ::unlinkat(fd_, path.c_str(), 0);
  return within(name, done.error());
}

Result<Ok> KeyDirectory::create(const std::string& name, std::string_view octets,
                                unsigned mode) const {
  if (has(name)) return within(name, Error{"a file of this name stands already"});
  if (auto done = write_beside(name, octets, mode); !done) return done;
  const std::string path = beside(name);
  // Unlike a rename, a link never replaces what somebody put there meanwhile.
  const bool linked = ::linkat(fd_, path.c_str(), fd_, name.c_str(), 0) == 0;
  const Error error = failed("the file cannot take its name");
  ::unlinkat(fd_, path.c_str(), 0);
  if (!linked) return within(name, error);
  ::fsync(fd_);
  return Ok{};
}

Result<Ok> KeyDirectory::replace(const std::string& name, std::string_view octets,
                                 unsigned mode) const {
  if (auto done = write_beside(name, octets, mode); !done) return done;
  const std::string path = beside(name);
  if (::renameat(fd_, path.c_str(), fd_, name.c_str()) != 0) {
    const Error error = failed("the file cannot take its name");
    ::unlinkat(fd_, path.c_str(), 0);
    return within(name, error);
  }
  ::fsync(fd_);
  return Ok{};
}

Result<Ok> KeyDirectory::remove(const std::string& name) const {
  if (::unlinkat(fd_, name.c_str(), 0) == 0 || errno == ENOENT) return Ok{};
  return within(name, failed("it cannot be removed"));
}

Result<Ok> KeyDirectory::set_aside(const std::string& name) const {
  for (int number = 1; number < 1000; ++number) {
    const std::string other = name + (number == 1 ? ".old" : ".old" + std::to_string(number));
    if (::renameat2(fd_, name.c_str(), fd_, other.c_str(), RENAME_NOREPLACE) == 0) return Ok{};
    if (errno == ENOENT) return Ok{};
    if (errno != EEXIST) break;
  }
  return within(name, failed("it cannot be set aside"));
}

}  // namespace rampart
