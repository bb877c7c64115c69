#include "base/replace_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/confined_path.h"
#include "base/new_file.h"

namespace rampart {
namespace {

constexpr mode_t kWriteBits = S_IWUSR | S_IWGRP | S_IWOTH;
// Set-user-id and sticky bits too: the file must come back exactly as it was.
constexpr mode_t kModeBits = 07777;

Result<Ok> keep_owner_and_mode(int fd, const struct stat& like) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return system_failure("the new file cannot be read");
  // Only where needed: without CAP_CHOWN even a change to the same owner may be refused.
  const bool same_owner = status.st_uid == like.st_uid && status.st_gid == like.st_gid;
  if (!same_owner && fchown(fd, like.st_uid, like.st_gid) != 0) {
    return system_failure("the file's owner and group cannot be kept");
  }
  if (fchmod(fd, like.st_mode & kModeBits) != 0) {
    return system_failure("the file's mode cannot be kept");
  }
  return Ok{};
}

Result<Ok> check_unchanged(const UniqueFd& folder, const std::string& name,
                           std::string_view before) {
  // Opened again by name: another program may have replaced the file instead of writing into it.
  TRY(const UniqueFd file, open_file_in(folder, name));
  // A file that grew beyond the old size is an error of the read, and so counts as changed.
  const Result<std::string> now = read_all(file, before.size());
  if (now && *now == before) return Ok{};
  return Error{.what = "the file was changed while it was being edited", .conflict = true};
}

}  // namespace

Result<UniqueFd> lock_folder(const UniqueFd& folder) {
  // A separate open file description: flock would otherwise share the caller's.
  UniqueFd lock(openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return system_failure("the folder cannot be locked");
  // LOCK_EX waits: two runs at the same time follow each other instead of one failing.
  int code = 0;
  do {
    code = flock(lock.get(), LOCK_EX);
  } while (code != 0 && errno == EINTR);
  if (code != 0) return system_failure("the folder cannot be locked");
  return lock;
}

Result<Ok> check_writable(const UniqueFd& folder, const std::string& name) {
  struct stat status {};
  if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error{.what = system_reason()};
  }
  // Replacing needs only a writable folder, so the file's own bits must be checked.
  if ((status.st_mode & kWriteBits) == 0) {
    return Error{.what = "the file is read-only; allow writing (chmod u+w) or leave the zone out"};
  }
  if (faccessat(folder.get(), name.c_str(), W_OK, AT_EACCESS) != 0) {
    return Error{.what = "the file may not be written by this user (" + system_reason() +
                         "); run as its owner or give write permission"};
  }
  return Ok{};
}

Result<Ok> replace_file(const UniqueFd& folder, const std::string& name, std::string_view before,
                        std::string_view text) {
  struct stat status {};
  if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error{.what = system_reason()};
  }
  // A dot in front, since name servers and editors that read the whole folder skip hidden files.
  NewFile file(folder.get(), "." + name + ".new");
  // Private until owner and mode are set: nobody may read the file who could not read the old one.
  TRY_OK(file.create(0600));
  TRY_OK(keep_owner_and_mode(file.fd(), status));
  TRY_OK(file.write(text));
  // Last, so that the time in which another editor's change could be lost is as short as it can be.
  TRY_OK(check_unchanged(folder, name, before));
  return file.replace(name);
}

}  // namespace rampart
