/// Credentials that must never be shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rampart {

/// The credentials in use, to be redacted from every text that leaves the process.
class Secrets {
 public:
  /// Redacts `secret` from now on: as it is, percent-encoded, escaped for JSON or XML, in hex, and
  /// in base64, also within a longer text. A host that knows the secret can spell it in other ways.
  /// An empty one is ignored.
  void add(std::string_view secret);

  /// `text` with every secret replaced by "[redacted]".
  std::string redact(std::string_view text) const;

 private:
  std::vector<std::string> spellings_;  ///< Longest first: one secret may begin with another.
};

}  // namespace rampart
