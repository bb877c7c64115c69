/// What `rotate` and the `keys` commands print.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/edit/rotate.h"

namespace rampart {

/// {"rotations": [{domain, name, selectors, actions, next}]}.
std::string rotate_json(const std::vector<RotationRun>& stages);
std::string rotate_text(const std::vector<RotationRun>& stages, bool written);

/// A key of the folder beside what the YAML and DNS say of it.
struct KeyRow {
  KeyEntry entry;
  std::optional<int> age_days = {};
  std::string state = {};      ///< Of its rotation, or "declared", or "unused".
  std::string published = {};  ///< "yes", "no", "revoked", "unclear", or empty: nobody was asked.
  std::string next = {};       ///< The day of its next change.
};

/// {"keys": [{domain, selector, algorithm, fingerprint, age_days, state, published, next,
/// private}]}.
std::string keys_json(const std::vector<KeyRow>& rows);
std::string keys_text(const std::vector<KeyRow>& rows);

/// {"keys": [{domain, selector, algorithm, fingerprint, record, files}]}: what was made or taken
/// in.
std::string made_keys_json(const std::vector<KeyEntry>& entries, const KeyFolder& folder);
std::string made_keys_text(const std::vector<KeyEntry>& entries, const KeyFolder& folder);

}  // namespace rampart
