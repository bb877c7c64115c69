/// The identity of an aggregate report: equal for copies of one report, whatever carried them.
#pragma once

#include <optional>
#include <string>

#include "base/sha256.h"
#include "reports/store/store.h"

namespace rampart::reports {

/// Computes an identity row by row. The records are part of it because some reporters reuse report
/// ids.
class IdentityHash {
 public:
  /// The next record; `facts` are its encoded facts.
  void add(const PackedRow& row, const std::string& facts);
  /// Forgets the records so far.
  void clear();
  /// The identity; clears. Half of a SHA-256 is more than enough to distinguish reports.
  std::string finish(const Header& header);

 private:
  void hash_text();

  std::optional<Sha256> records_;
  std::string text_;
};

}  // namespace rampart::reports
