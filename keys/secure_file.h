/// Files that contain keys: below the root folder, no symbolic link is followed; files are written
/// in full or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "keys/secret.h"

namespace rampart {

/// The mode of a file that may replace another one.
struct ReplacedFile {
  unsigned mode = 0600;  ///< Of a file whose name is free.
  unsigned kept = 0770;  ///< The permission bits that are kept of a file that exists.
};

/// An open folder that contains key files.
class KeyDirectory {
 public:
  /// Opens `root`/`inside`; each part of `inside` must be a folder and not a symbolic link.
  static Result<KeyDirectory> open(const std::string& root, std::string_view inside);
  /// As open, and creates the folders that are missing, for the owner alone.
  static Result<KeyDirectory> make(const std::string& root, std::string_view inside);

  /// As make; where root creates a folder, it gets the owner and group of the folder above it.
  static Result<KeyDirectory> make_for_reader(const std::string& root, std::string_view inside);

  /// Waits until no other process holds the folder, and holds it until this object is destroyed.
  Result<Ok> lock() const;

  /// Whether an entry of that name exists.
  bool has(const std::string& name) const;

  /// The octets of a regular file of at most 256 KiB.
  Result<Secret> read(const std::string& name) const;

  /// Writes a new file with exactly `mode`; an Error where one of that name exists.
  Result<Ok> create(const std::string& name, std::string_view octets, unsigned mode) const;

  /// Writes a file in place of any file of that name, whose owner, group and mode it keeps. Where
  /// root writes a file whose name is free, it gets the owner and group of the folder.
  Result<Ok> replace(const std::string& name, std::string_view octets, ReplacedFile rule) const;

  /// Removes a file; succeeds if it is absent.
  Result<Ok> remove(const std::string& name) const;

  /// Renames a file to the first free name of `name`.old, `name`.old2 and so on; succeeds if it is
  /// absent.
  Result<Ok> set_aside(const std::string& name) const;

 private:
  enum class Missing { Fails, IsMade, IsMadeAsParent };
  static Result<KeyDirectory> walk(const std::string& root, std::string_view inside,
                                   Missing missing);
  explicit KeyDirectory(UniqueFd folder) : folder_(std::move(folder)) {}

  UniqueFd folder_;
};

/// Whether `name` can be one part of a path: no slash, no leading dot, no control character.
bool is_plain_part(std::string_view name);

}  // namespace rampart
