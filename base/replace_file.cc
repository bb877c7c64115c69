/// Replacing a file's bytes as one step that a crash cannot halve.
#include "base/replace_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace rampart {
namespace {

constexpr mode_t kWriteBits = S_IWUSR | S_IWGRP | S_IWOTH;
constexpr mode_t kModeBits = 07777;

/// A file of which nothing stays unless it has taken its final name.
class NewFile {
 public:
  NewFile(const OpenFile& folder, const std::string& name)
      : folder_(folder), name_("." + name + ".new"), file_(-1) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (file_.get() >= 0) unlinkat(folder_.get(), name_.c_str(), 0);
  }

  Result<Ok> create(const struct stat& like) {
    // One that a killed run left behind: the lock is ours, so nobody else writes it.
    unlinkat(folder_.get(), name_.c_str(), 0);
    file_ = OpenFile(openat(folder_.get(), name_.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file_.get() < 0) return failed("a new file cannot be made in its folder");
    struct stat status {};
    if (fstat(file_.get(), &status) != 0) return failed("the new file cannot be read");
    const bool same_owner = status.st_uid == like.st_uid && status.st_gid == like.st_gid;
    if (!same_owner && fchown(file_.get(), like.st_uid, like.st_gid) != 0) {
      return failed("the file's owner and group cannot be kept");
    }
    if (fchmod(file_.get(), like.st_mode & kModeBits) != 0) {
      return failed("the file's mode cannot be kept");
    }
    return Ok{};
  }

  Result<Ok> write_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t wrote = write(file_.get(), text.data(), text.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return failed("the new file cannot be written");
      text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (fsync(file_.get()) != 0) return failed("the new file cannot be synced");
    return Ok{};
  }

  Result<Ok> take_name(const std::string& name) {
    if (renameat(folder_.get(), name_.c_str(), folder_.get(), name.c_str()) != 0) {
      return failed("the new file cannot take its place");
    }
    file_ = OpenFile(-1);
    if (fsync(folder_.get()) != 0) return failed("the folder cannot be synced");
    return Ok{};
  }

 private:
  static Error failed(const std::string& what) {
    return Error{.what = what + ": " + system_reason()};
  }

  const OpenFile& folder_;
  std::string name_;
  OpenFile file_;
};

Result<Ok> check_unchanged(const OpenFile& folder, const std::string& name,
                           std::string_view before) {
  const Result<OpenFile> file = open_file_in(folder, name);
  if (!file) return file.error();
  const Result<std::string> now = read_all(*file, before.size());
  if (!now || *now != before) {
    return Error{.what = "the file was changed while it was being edited", .conflict = true};
  }
  return Ok{};
}

}  // namespace

Result<OpenFile> lock_folder(const OpenFile& folder) {
  // An own open file description: the lock goes when the descriptor does.
  OpenFile lock(openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() < 0) return Error{.what = "the folder cannot be locked: " + system_reason()};
  int code = 0;
  do {
    code = flock(lock.get(), LOCK_EX);
  } while (code != 0 && errno == EINTR);
  if (code != 0) return Error{.what = "the folder cannot be locked: " + system_reason()};
  return lock;
}

Result<Ok> check_writable(const OpenFile& folder, const std::string& name) {
  struct stat status {};
  if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error{.what = system_reason()};
  }
  if ((status.st_mode & kWriteBits) == 0) {
    return Error{.what = "the file is read-only; allow writing (chmod u+w) or leave the zone out"};
  }
  if (faccessat(folder.get(), name.c_str(), W_OK, AT_EACCESS) != 0) {
    return Error{.what = "the file may not be written by this user (" + system_reason() +
                         "); run as its owner or give write permission"};
  }
  return Ok{};
}

Result<Ok> replace_file(const OpenFile& folder, const std::string& name, std::string_view before,
                        std::string_view text) {
  struct stat status {};
  if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error{.what = system_reason()};
  }
  NewFile file(folder, name);
  const Result<Ok> created = file.create(status);
  if (!created) return created;
  const Result<Ok> written = file.write_all(text);
  if (!written) return written;
  const Result<Ok> unchanged = check_unchanged(folder, name, before);
  if (!unchanged) return unchanged;
  return file.take_name(name);
}

}  // namespace rampart
