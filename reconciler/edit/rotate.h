/// Rotations carried out: keys made, and what `rotate` keeps of them written into the YAML.
#pragma once

#include <string>
#include <vector>

#include "keys/key_folder.h"
#include "policies/dkim/rotation.h"
#include "reconciler/edit/edit.h"

namespace rampart {

/// One rotation with its step.
struct RotationRun {
  Name domain;
  std::size_t index = 0;  ///< Into Domain.rotations.
  RotationSpec spec;
  RotationStep step;
};

/// The steps of every rotation of `config`, in the order of its domains.
std::vector<RotationRun> rotation_runs(const Config& config, const World& world);

/// Makes the keys that the turns ask for. Where one fails, those already made stay; they are named
/// in no YAML yet, and the next run makes others.
Result<Ok> make_due_keys(const KeyFolder& folder, const std::vector<RotationRun>& stages,
                         const Protection& protection, Date today);

/// The edits that write the turns' steps into the YAML.
Result<std::vector<DomainEdit>> rotation_edits(const Config& config,
                                               const std::vector<RotationRun>& stages);

/// The edits that mark `selector` as compromised in every rotation that signs or signed with it.
Result<std::vector<DomainEdit>> compromise_edits(const Config& config, const std::string& selector);

}  // namespace rampart
