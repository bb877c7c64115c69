/// The proof that nothing signs with an earlier key any more.
#pragma once

#include <optional>
#include <string>

#include "policies/dkim/rotation.h"

namespace rampart {

/// What proves that a selector fell out of use, or what is missing.
struct SwitchProof {
  std::optional<Time> revoke_at = {};  ///< Known once the switch itself is proven.
  std::string hold = {};               ///< Empty: proven, and kept for long enough.
  std::string why = {};
};

/// Evaluates a past selector that is still published: by the signer's acknowledgement, else by
/// verified reports.
SwitchProof proof_that_unused(const RotationFacts& facts, const std::string& past);

/// Whether `signing` names the current key.
bool signs_with_current(const RotationFacts& facts);

}  // namespace rampart
