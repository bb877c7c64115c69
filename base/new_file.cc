#include "base/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/confined_path.h"

namespace rampart {
namespace {

/// The file behind a descriptor, which may have no name of its own.
std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

}  // namespace

Result<Ok> write_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    // A short write is no failure: the rest is written next.
    const ssize_t wrote = ::write(fd, octets.data(), octets.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return Error{.what = system_reason()};
    octets.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return Ok{};
}

NewFile::~NewFile() {
  if (named_) unlinkat(folder_, temporary_.c_str(), 0);
}

Result<Ok> NewFile::create(mode_t mode) {
  // A killed run may have left one behind.
  unlinkat(folder_, temporary_.c_str(), 0);
  const std::size_t slash = temporary_.rfind('/');
  const std::string parent = slash == temporary_.npos ? "." : temporary_.substr(0, slash + 1);
  file_ = UniqueFd(openat(folder_, parent.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, mode));
  // Without /proc it could not get a name.
  if (file_ && access(path_of(file_.get()).c_str(), F_OK) == 0) return Ok{};
  // O_EXCL and O_NOFOLLOW: what is opened is ours.
  file_ = UniqueFd(openat(folder_, temporary_.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file_) return system_failure("the new file cannot be created");
  named_ = true;
  return Ok{};
}

Result<Ok> NewFile::write(std::string_view octets) {
  TRY_OK(within("the new file cannot be written", write_all(file_.get(), octets)));
  // Before the rename: a file system may otherwise order the name before the content.
  if (fsync(file_.get()) != 0) return system_failure("the new file cannot be synced");
  return Ok{};
}

Result<Ok> NewFile::replace(const std::string& name) {
  if (!named_) {
    // A file without a name can take one that is free, and only a rename takes one that is not.
    if (link_to(name) == 0) return sync_or_undo(name);
    if (errno != EEXIST || link_to(temporary_) != 0) {
      return system_failure("the new file cannot get its name");
    }
    named_ = true;
  }
  if (renameat(folder_, temporary_.c_str(), folder_, name.c_str()) != 0) {
    return system_failure("the new file cannot be renamed");
  }
  named_ = false;
  return sync_folder();
}

Result<bool> NewFile::exchange(const std::string& name) {
  if (!named_) {
    if (link_to(temporary_) != 0) return system_failure("the new file cannot get its name");
    named_ = true;
  }
  if (renameat2(folder_, temporary_.c_str(), folder_, name.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno == EINVAL || errno == ENOSYS) return false;
    return system_failure("the new file cannot take the place of the other");
  }
  return true;
}

Result<Ok> NewFile::publish(const std::string& name) {
  // Unlike a rename, a link never replaces what somebody else created meanwhile.
  if (link_to(name) != 0) return system_failure("the new file cannot get its name");
  return sync_or_undo(name);
}

// After an error nothing may remain: the caller removes what belongs to the file, such as the
// private half of a key.
Result<Ok> NewFile::sync_or_undo(const std::string& name) const {
  auto synced = sync_folder();
  if (!synced) unlinkat(folder_, name.c_str(), 0);
  return synced;
}

/// As linkat: 0, or -1 and errno.
int NewFile::link_to(const std::string& name) const {
  if (named_) return linkat(folder_, temporary_.c_str(), folder_, name.c_str(), 0);
  return linkat(AT_FDCWD, path_of(file_.get()).c_str(), folder_, name.c_str(), AT_SYMLINK_FOLLOW);
}

Result<Ok> NewFile::sync_folder() const {
  if (folder_ != AT_FDCWD && fsync(folder_) != 0) {
    return system_failure("the folder cannot be synced");
  }
  return Ok{};
}

}  // namespace rampart
