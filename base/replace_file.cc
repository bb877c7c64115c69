#include "base/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/confined_path.h"
#include "base/lock.h"
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

/// Whether the file `name` has this content. One that cannot be read has not.
bool has_content(const UniqueFd& folder, const std::string& name, std::string_view content) {
  const Result<UniqueFd> file = open_file_in(folder, name);
  if (!file) return false;
  // A file that grew beyond the old size is an error of the read.
  const Result<std::string> now = read_all(*file, content.size());
  return now && *now == content;
}

Error changed_meanwhile() {
  return Error{.what = "the file was changed while it was being edited", .conflict = true};
}

}  // namespace

Result<UniqueFd> lock_folder(const UniqueFd& folder) {
  // A separate open file description: flock would otherwise share the caller's.
  UniqueFd lock(openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return system_failure("the folder cannot be locked");
  // Two runs at the same time follow each other instead of one failing.
  TRY_OK(within("the folder", take_lock(lock.get())));
  return lock;
}

Result<Ok> check_writable(const UniqueFd& folder, const std::string& name) {
  struct stat status {};
  if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error{.what = system_reason()};
  }
  // Replacing needs only a writable folder, so the file's own bits must be checked.
  if ((status.st_mode & kWriteBits) == 0) {
    return Error{.what =
                     "the file is read-only; allow writing (chmod u+w), or select other domains "
                     "with --domain"};
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
  const std::string temporary = "." + name + ".new";
  NewFile file(folder.get(), temporary);
  // Private until owner and mode are set: nobody may read the file who could not read the old one.
  TRY_OK(file.create(0600));
  TRY_OK(keep_owner_and_mode(file.fd(), status));
  TRY_OK(file.write(text));
  if (!has_content(folder, name, before)) return changed_meanwhile();
  TRY(const bool exchanged, file.exchange(name));
  // Without an exchange, a change of this very moment is lost.
  if (!exchanged) return file.replace(name);
  // What was replaced is looked at once more: another editor may have been faster than the check.
  if (has_content(folder, temporary, before)) return file.sync_folder();
  Result<bool> back = file.exchange(name);
  // Ours comes back, unless yet another change replaced it: that one belongs there.
  if (back && !has_content(folder, temporary, text)) back = file.exchange(name);
  if (!back) {
    file.leave();
    return within(
        "the file was changed while it was being edited, and what it held is now in " + temporary,
        back.error());
  }
  return changed_meanwhile();
}

}  // namespace rampart
