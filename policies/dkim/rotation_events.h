/// What the rotations of a domain will do, and when: the same steps as `rotate` takes, foreseen.
#pragma once

#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// One thing to come, or that should have been done. Dates of revocations and removals are the
/// earliest: both wait for proof that nothing signs with the key.
struct RotationEvent {
  enum class Kind { Publish, Sign, Revoke, Remove };
  Date date;             ///< When it is due, or was.
  std::string selector;  ///< "office-20270101"; of a pair, its first; of a sender, "s1".
  Kind kind = Kind::Publish;
  std::string what;      ///< "publish office-20270101 (rotation office)": a clause for people.
  int overdue_days = 0;  ///< How long it has been due; 0 for what is still to come.

  bool operator==(const RotationEvent&) const = default;
};

/// The events of all rotations and retired senders of `domain` up to `until`, by (date, selector,
/// kind). It supposes that from the World's day on each step is taken on its day and every signer
/// switches when it may; what is overdue today comes first, with its own date.
std::vector<RotationEvent> rotation_events(const Domain& domain, const World& world, Date until);

}  // namespace rampart
