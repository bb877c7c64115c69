/// Carrying out key rotations: making keys, and writing the state of rotations into the YAML.
#pragma once

#include <string>
#include <vector>

#include "keys/key_folder.h"
#include "policies/dkim/rotation.h"
#include "reconciler/edit/edit.h"

namespace rampart {

/// One rotation of a domain, and what is to be done for it now.
struct RotationRun {
  Name domain;
  std::size_t index = 0;  ///< Into Domain.rotations.
  RotationSpec spec;
  RotationStep step;
  std::string compromised = {};  ///< The selector that this run marks as compromised.

  /// Whether the run changes the YAML or makes a key.
  bool acts() const { return step.acts() || !compromised.empty(); }
};

/// The current step of every rotation of `config`, in the order of its domains.
std::vector<RotationRun> rotation_runs(const Config& config, const World& world);

/// Makes the keys that the runs call for, in `batch`: the caller finishes it once the YAML names
/// them.
Result<Ok> make_due_keys(KeyBatch& batch, const std::vector<RotationRun>& runs,
                         const Protection& protection, Date today);

/// The edits that write the steps of the runs into the YAML.
Result<std::vector<DomainEdit>> rotation_edits(const Config& config,
                                               const std::vector<RotationRun>& runs);

/// The edits that mark `selector` as compromised in every rotation that signs or signed with it; an
/// Error where none does.
Result<std::vector<DomainEdit>> compromise_edits(const Config& config, const std::string& selector);

}  // namespace rampart
