/// What `apply` prints while name servers do not return what was written.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "reconciler/apply/verify.h"

namespace rampart {

/// The lines of one wait, few enough for a log: one at its beginning, then one every half minute.
class WaitNotice {
 public:
  /// The line that is due `waited` after the beginning, or nothing; `waiting` are the domains whose
  /// changes are not on every server.
  std::optional<std::string> line(std::chrono::milliseconds waited,
                                  std::span<const DomainVerification> waiting);

 private:
  std::optional<std::chrono::milliseconds> printed_;  ///< When the last line was.
};

/// What to do about the domains that are still waiting at the end; names those for which no name
/// server answered.
std::string waiting_note(std::span<const DomainVerification> waiting);

}  // namespace rampart
