/// What a change of a set means, line by line: SPF by term, DMARC and DKIM by tag, keys by their
/// bits and fingerprint. Plain lines without colour; every octet is safe to show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dns/record.h"

namespace rampart {

/// One line of a difference. ' ' is a remark, such as what stays.
struct DiffLine {
  char sign;  ///< '+', '-', '~' or ' '.
  std::string text;

  bool operator==(const DiffLine&) const = default;
};

/// How `change.before` becomes `change.after`.
std::vector<DiffLine> semantic_diff(const SetChange& change);

/// A value as a person reads it: in quotes where it is text, the middle of a key left out and told
/// by its bits and fingerprint.
std::string show_value(const RecordKey& key, std::string_view value);

}  // namespace rampart
