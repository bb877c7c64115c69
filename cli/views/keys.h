/// The output of `rotate` and of the `keys` commands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/views/advance.h"
#include "reconciler/edit/rotate.h"

namespace rampart {

/// {"rotations": [{domain, name, selectors, actions, next}]}.
std::string rotate_json(const std::vector<RotationRun>& runs);
std::string rotate_text(const std::vector<RotationRun>& runs, Written written, Date today);

/// A key in the key folder, with its state in the YAML and in DNS.
struct KeyRow {
  KeyEntry entry;
  std::optional<int> age_days = {};
  std::string state = {};      ///< Of its rotation, or "declared", or "unused".
  std::string published = {};  ///< "yes", "no", "revoked", "unclear"; empty if DNS was not queried.
  std::string next = {};       ///< The day of its next change.
};

/// {"keys": [{domain, selector, algorithm, fingerprint, age_days, state, published, next,
/// private}]}.
std::string keys_json(const std::vector<KeyRow>& rows);
std::string keys_text(const std::vector<KeyRow>& rows);

/// {"keys": [{domain, selector, algorithm, fingerprint, record, files}]}: the keys that were made
/// or imported.
std::string made_keys_json(const std::vector<KeyEntry>& entries, const KeyFolder& folder);
std::string made_keys_text(const std::vector<KeyEntry>& entries, const KeyFolder& folder);

}  // namespace rampart
