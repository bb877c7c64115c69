/// Files that hold keys: opened through no symbolic link, written whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "keys/secret.h"

namespace rampart {

/// An open folder in which key files lie.
class KeyDirectory {
 public:
  /// Opens `root`/`inside`; each part of `inside` must be a folder and no symbolic link.
  static Result<KeyDirectory> open(const std::string& root, std::string_view inside);
  /// As open, and makes the folders that are missing, for the owner alone.
  static Result<KeyDirectory> make(const std::string& root, std::string_view inside);

  KeyDirectory(KeyDirectory&& other) noexcept;
  KeyDirectory& operator=(KeyDirectory&& other) noexcept;
  KeyDirectory(const KeyDirectory&) = delete;
  KeyDirectory& operator=(const KeyDirectory&) = delete;
  ~KeyDirectory();

  bool has(const std::string& name) const;

  /// The octets of a regular file.
  Result<Secret> read(const std::string& name) const;

  /// Writes a new file; an Error where one of that name stands already.
  Result<Ok> create(const std::string& name, std::string_view octets, unsigned mode) const;

  /// Writes a file, in place of one that may stand.
  Result<Ok> replace(const std::string& name, std::string_view octets, unsigned mode) const;

  /// Takes a file away; one that is not there is well.
  Result<Ok> remove(const std::string& name) const;

  /// Gives a file the name `name`.old, or .old2 and so on, and replaces none; one that is not
  /// there is well.
  Result<Ok> set_aside(const std::string& name) const;

 private:
  enum class Missing { Fails, IsMade };
  static Result<KeyDirectory> walk(const std::string& root, std::string_view inside,
                                   Missing missing);
  explicit KeyDirectory(int fd) : fd_(fd) {}
  Result<Ok> write_beside(const std::string& name, std::string_view octets, unsigned mode) const;

  int fd_;
};

/// Whether `name` can be one part of a path here: no slash, no leading dot, no control character.
bool is_plain_part(std::string_view name);

}  // namespace rampart
