#include "base/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/confined_path.h"

namespace rampart {

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
  // The descriptor is still open only where the file never got its name.
  if (file_) unlinkat(folder_, temporary_.c_str(), 0);
}

Result<Ok> NewFile::create(mode_t mode) {
  // A killed run may have left one behind. O_EXCL and O_NOFOLLOW: what is opened is ours.
  unlinkat(folder_, temporary_.c_str(), 0);
  file_ = UniqueFd(openat(folder_, temporary_.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file_) return system_failure("the new file cannot be created");
  return Ok{};
}

Result<Ok> NewFile::write(std::string_view octets) {
  TRY_OK(within("the new file cannot be written", write_all(file_.get(), octets)));
  // Before the rename: a file system may otherwise order the name before the content.
  if (fsync(file_.get()) != 0) return system_failure("the new file cannot be synced");
  return Ok{};
}

Result<Ok> NewFile::replace(const std::string& name) {
  if (renameat(folder_, temporary_.c_str(), folder_, name.c_str()) != 0) {
    return system_failure("the new file cannot be renamed");
  }
  file_.reset();
  return sync_folder();
}

Result<Ok> NewFile::publish(const std::string& name) {
  // Unlike a rename, a link never replaces what somebody else created meanwhile.
  if (linkat(folder_, temporary_.c_str(), folder_, name.c_str(), 0) != 0) {
    return system_failure("the new file cannot get its name");
  }
  return sync_folder();
}

Result<Ok> NewFile::sync_folder() const {
  if (folder_ != AT_FDCWD && fsync(folder_) != 0) {
    return system_failure("the folder cannot be synced");
  }
  return Ok{};
}

}  // namespace rampart
