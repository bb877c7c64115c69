/// The desired records at past selectors of a domain's rotations, and at those of senders
/// that were retired.
#pragma once

#include <set>

#include "policies/model/policy.h"

namespace rampart {

/// Wants, holds and removals for the past selectors of every rotation: only by proof.
void desire_past(const Domain& domain, const World& world, PolicyResult& policy_result);

/// The names at which a key may go, because it is proven that nothing signs with it any more.
std::set<Name> proven_unused(const Domain& domain, const World& world);

/// How long a retired sender's key remains for mail under way; retries run up to five days.
constexpr Duration kKeepRetired{14, Duration::Unit::Days};

/// Whether a retired sender's selector may go: kept long enough, and silent in reports. Otherwise
/// `why` says what is missing.
struct Retirement {
  bool may_go = false;
  std::string hold = {};
  std::string why = {};
};
/// Whether the key at `name`, which `use` signs with, may go; a sender that is not retired keeps
/// it.
Retirement retirement_of(const Domain& domain, const World& world, const SenderUse& use,
                         const Name& selector);

}  // namespace rampart
