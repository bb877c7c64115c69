/// Writing a file so that no reader and no crash sees half of it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace rampart {

/// Writes all of `octets`, across interruptions and short writes. The Error gives the reason.
Result<Ok> write_all(int fd, std::string_view octets);

/// A file without a name until it is complete: create, write, then `replace` or `publish`. If
/// neither succeeds, nothing of it remains, even if the process is killed. Where the file system
/// has no files without a name (Linux's O_TMPFILE), it has the temporary name until then.
class NewFile {
 public:
  /// `folder` is an open folder (or AT_FDCWD) that outlives the object. The temporary name is in
  /// the folder of the final one.
  NewFile(int folder, std::string temporary_name)
      : folder_(folder), temporary_(std::move(temporary_name)) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  /// Creates the file with `mode`, less the umask. One of the temporary name is removed first.
  Result<Ok> create(mode_t mode);

  /// The descriptor, for owner and mode.
  int fd() const { return file_.get(); }

  /// Writes the content and syncs it to the disk.
  Result<Ok> write(std::string_view octets);

  /// Gives the file its name, in place of any file of that name.
  Result<Ok> replace(const std::string& name);

  /// Changes places with the file `name`, so that nothing is lost before it was looked at: the
  /// other file has the temporary name then, and goes with this object. False where the file system
  /// cannot; nothing has changed then. A second call changes them back. Call `sync_folder` when it
  /// is decided which stays.
  Result<bool> exchange(const std::string& name);

  /// Syncs the folder to the disk, and with it the names.
  Result<Ok> sync_folder() const;

  /// Leaves the file that has the temporary name where it is.
  void leave() { named_ = false; }

  /// Gives the file its name; an Error where a file of that name exists.
  Result<Ok> publish(const std::string& name);

 private:
  int link_to(const std::string& name) const;
  Result<Ok> sync_or_undo(const std::string& name) const;

  int folder_;
  std::string temporary_;
  bool named_ = false;  ///< The temporary name exists.
  UniqueFd file_;
};

}  // namespace rampart
