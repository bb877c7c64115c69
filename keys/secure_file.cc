// Every path is walked by descriptors, so that nobody can swap a folder for a link between check
// and use.
#include "keys/secure_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/confined_path.h"
#include "base/lock.h"
#include "base/new_file.h"

namespace rampart {
namespace {

constexpr std::size_t kMostOctets = 256 * 1024;
constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
// This many leftovers come from a loop in a script and not from accidents.
constexpr int kMostSetAside = 1000;

Result<Ok> set_owner(int fd, const struct stat& like, const char* failed) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return system_failure("the new file cannot be read");
  // Only where needed: without CAP_CHOWN even a change to the same owner may be refused.
  const bool same = like.st_uid == status.st_uid && like.st_gid == status.st_gid;
  if (!same && ::fchown(fd, like.st_uid, like.st_gid) != 0) return system_failure(failed);
  return Ok{};
}

// What root writes for another user belongs to whom the folder belongs: a signer reads its keys as
// that user.
Result<Ok> set_owner_of_folder(int fd, int folder) {
  struct stat like {};
  if (::geteuid() != 0) return Ok{};
  if (::fstat(folder, &like) != 0) return system_failure("the folder's owner cannot be read");
  return set_owner(fd, like, "the owner and group of its folder cannot be set");
}

// A file that replaces another one gets its owner, group and mode, less the bits outside `kept`.
Result<Ok> set_reader(int fd, int folder, const std::string& name, ReplacedFile rule) {
  struct stat like {};
  auto mode = static_cast<mode_t>(rule.mode);
  if (::fstatat(folder, name.c_str(), &like, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(like.st_mode)) {
    mode = like.st_mode & static_cast<mode_t>(rule.kept);
    TRY_OK(set_owner(fd, like,
                     "its owner and group cannot be kept (run as root or as its owner, or remove "
                     "the file first)"));
  } else {
    TRY_OK(set_owner_of_folder(fd, folder));
  }
  // After the owner: a change of owner may clear bits of the mode.
  if (::fchmod(fd, mode) != 0) return system_failure("the file's mode cannot be set");
  return Ok{};
}

Result<Ok> write_new(NewFile& file, std::string_view octets, unsigned mode) {
  TRY_OK(file.create(mode));
  return file.write(octets);
}

}  // namespace

// Hidden names are refused too: temporary files begin with a dot.
bool is_plain_part(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::ranges::none_of(name, [](char c) {
    return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

Result<KeyDirectory> KeyDirectory::open(const std::string& root, std::string_view inside) {
  return walk(root, inside, Missing::Fails);
}

Result<KeyDirectory> KeyDirectory::make(const std::string& root, std::string_view inside) {
  return walk(root, inside, Missing::IsMade);
}

Result<KeyDirectory> KeyDirectory::make_for_reader(const std::string& root,
                                                   std::string_view inside) {
  return walk(root, inside, Missing::IsMadeAsParent);
}

Result<KeyDirectory> KeyDirectory::walk(const std::string& root, std::string_view inside,
                                        Missing missing) {
  UniqueFd at(::open(root.empty() ? "." : root.c_str(), kFolder));
  if (!at) return within(root, system_failure("the folder cannot be opened"));
  while (!inside.empty()) {
    const std::size_t slash = std::min(inside.find('/'), inside.size());
    const std::string part(inside.substr(0, slash));
    inside.remove_prefix(std::min(slash + 1, inside.size()));
    if (!is_plain_part(part)) return Error{"`" + part + "` cannot be a folder's name here"};
    // 0700: the folder's names alone show which keys exist.
    const bool made = missing != Missing::Fails && ::mkdirat(at.get(), part.c_str(), 0700) == 0;
    if (missing != Missing::Fails && !made && errno != EEXIST) {
      return within(part, system_failure("the folder cannot be created"));
    }
    UniqueFd next(::openat(at.get(), part.c_str(), kFolder | O_NOFOLLOW));
    if (!next) {
      // With O_DIRECTORY and O_NOFOLLOW together, the kernel reports a link as one or the other.
      const bool link = errno == ELOOP || errno == ENOTDIR;
      return within(part, link ? Error{"it is a symbolic link, or not a folder"}
                               : system_failure("the folder cannot be opened"));
    }
    if (made && missing == Missing::IsMadeAsParent) {
      TRY_OK(within(part, set_owner_of_folder(next.get(), at.get())));
    }
    at = std::move(next);
  }
  return KeyDirectory(std::move(at));
}

// The lock belongs to the open folder, so that the kernel releases it even after SIGKILL and no
// lock file is left behind.
Result<Ok> KeyDirectory::lock() const { return within("the key folder", take_lock(folder_.get())); }

bool KeyDirectory::has(const std::string& name) const {
  struct stat status {};
  return ::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// Not read_all() of base: key material goes straight into memory that is wiped, never through a
// buffer that grows and leaves copies behind.
Result<Secret> KeyDirectory::read(const std::string& name) const {
  const UniqueFd file(
      ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    return within(name, errno == ELOOP ? Error{"it is a symbolic link"}
                                       : system_failure("it cannot be read"));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return within(name, Error{"it is not a regular file"});
  }
  // Before memory is reserved: the size is that of a file which anybody may have put here.
  if (static_cast<std::size_t>(status.st_size) > kMostOctets) {
    return within(name, Error{"it is too large for a key"});
  }
  Secret octets = Secret::of_size(static_cast<std::size_t>(status.st_size));
  std::size_t have = 0;
  while (have < octets.size()) {
    const ssize_t got = ::read(file.get(), octets.octets() + have, octets.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return within(name, system_failure("it cannot be read"));
    // A file that is cut meanwhile is shorter than its size said.
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  octets.shrink(have);
  return octets;
}

Result<Ok> KeyDirectory::create(const std::string& name, std::string_view octets,
                                unsigned mode) const {
  // Only for the message; `publish` is what makes sure that nothing is replaced.
  if (has(name)) return within(name, Error{"a file of this name exists already"});
  NewFile file(folder_.get(), "." + name + ".new");
  TRY_OK(within(name, write_new(file, octets, mode)));
  return within(name, file.publish(name));
}

Result<Ok> KeyDirectory::replace(const std::string& name, std::string_view octets,
                                 ReplacedFile rule) const {
  NewFile file(folder_.get(), "." + name + ".new");
  // Private until its owner and mode are set.
  TRY_OK(within(name, file.create(0600)));
  TRY_OK(within(name, set_reader(file.fd(), folder_.get(), name, rule)));
  TRY_OK(within(name, file.write(octets)));
  return within(name, file.replace(name));
}

Result<Ok> KeyDirectory::remove(const std::string& name) const {
  if (::unlinkat(folder_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return Ok{};
  return within(name, system_failure("it cannot be removed"));
}

Result<Ok> KeyDirectory::set_aside(const std::string& name) const {
  for (int number = 1; number < kMostSetAside; ++number) {
    // .old, .old2, ...: no copy is ever overwritten, so that a repeated accident loses no key.
    const std::string other = name + (number == 1 ? ".old" : ".old" + std::to_string(number));
    if (::renameat2(folder_.get(), name.c_str(), folder_.get(), other.c_str(), RENAME_NOREPLACE) ==
        0) {
      return Ok{};
    }
    if (errno == ENOENT) return Ok{};
    if (errno != EEXIST) break;
  }
  return within(name, system_failure("it cannot be renamed to .old"));
}

}  // namespace rampart
