/// Files named by the YAML: beneath its folder, through no symbolic link.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart {

/// An open file or folder, closed when it goes.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile();

  int get() const { return fd_; }

 private:
  int fd_;
};

/// Opens the folder at `path` beneath `root`. An Error where the path is absolute, climbs out with
/// "..", or passes through a symbolic link below `root`.
Result<OpenFile> open_folder_beneath(const std::string& root, std::string_view path);

/// Opens the regular file `name` directly in `folder` for reading; a symbolic link is an Error.
Result<OpenFile> open_file_in(const OpenFile& folder, const std::string& name);

/// All bytes of an open file, at most `most`.
Result<std::string> read_all(const OpenFile& file, std::size_t most);

/// The reason of the last failed system call: "Permission denied".
std::string system_reason();

}  // namespace rampart
