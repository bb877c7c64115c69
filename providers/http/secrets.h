/// Credentials that must never be shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rampart {

/// The credentials in use, so that no text leaves with one of them in it.
class Secrets {
 public:
  /// From now on `secret` is blotted out, as it stands, percent-encoded and escaped for JSON or
  /// XML. An empty one is ignored.
  void add(std::string_view secret);

  /// `text` with every secret replaced by "[redacted]".
  std::string redact(std::string_view text) const;

 private:
  std::vector<std::string> spellings_;  ///< Longest first: one secret may begin with another.
};

}  // namespace rampart
