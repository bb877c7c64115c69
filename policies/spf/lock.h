/// What flattening was resolved from: the reviewed copy of vendors' addresses, kept in `spf.lock`
/// beside the YAML. Nothing is resolved again when a plan is applied.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mail/spf/tree.h"
#include "policies/model/spf_lock.h"

namespace rampart {

/// What one resolver said of a term.
struct ResolvedTerm {
  spf::Admitted admitted;
  int lookups = 1;
};

/// A refreshed lock and what was not accepted, a sentence each.
struct Refresh {
  SpfLock lock;
  std::vector<std::string> refused;
};

/// Brings `old` up to date. For each term every resolver's view is given: additions count at once,
/// removals after seven days. A term keeps its old addresses where fewer than two resolvers
/// answered or they disagree, where it depends on the message or could not be resolved, and where
/// it came back empty, with less than half of its addresses, or much wider. A new term is not taken
/// where it admits more than a /8. Terms not asked for leave the lock.
Refresh refresh_lock(const SpfLock& old,
                     const std::map<std::string, std::vector<ResolvedTerm>>& views, Date today);

/// Whether `now` is an address space much larger than `known`: more than four times as many IPv4
/// addresses and over 65,536 more, or likewise of IPv6, over a /24 more. No vendor grows like that
/// within weeks; one whose record was changed by somebody else does.
bool is_much_wider(const spf::IpSet& now, const spf::IpSet& known);

/// The set of networks as texts, and back; texts that are none are left out.
spf::IpSet set_of(const std::vector<std::string>& networks);
std::vector<std::string> texts_of(const spf::IpSet& set);

}  // namespace rampart
