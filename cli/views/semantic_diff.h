/// The meaning of a record change, line by line: SPF by term, DMARC and DKIM by tag, keys by size
/// and fingerprint. Lines have no colour and contain printable characters only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dns/record.h"

namespace rampart {

/// One line of a difference. ' ' marks a remark, such as what is unchanged.
struct DiffLine {
  char sign;  ///< '+', '-', '~' or ' '.
  std::string text;

  bool operator==(const DiffLine&) const = default;
};

/// How `change.before` becomes `change.after`.
std::vector<DiffLine> semantic_diff(const SetChange& change);

/// A value for people: TXT in quotes, and a long key shortened, with its size and fingerprint
/// appended.
std::string show_value(const RecordKey& key, std::string_view value);

}  // namespace rampart
