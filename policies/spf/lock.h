/// Refreshing `spf.lock`, the reviewed copy of vendors' addresses from which records are flattened.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mail/spf/tree.h"
#include "policies/model/spf_lock.h"

namespace rampart {

/// A term by the answers of one resolver.
struct ResolvedTerm {
  spf::Admitted admitted;
  int lookups = 1;  ///< What the term costs unflattened.
};

/// A refreshed lock, and why terms were refused, a sentence each.
struct Refresh {
  SpfLock lock;
  std::vector<std::string> refused;
};

/// Brings `old` up to date with `views`: each term, and what it is by each resolver that answered.
/// Additions count at once, removals after seven days. A term is refused and keeps its old
/// addresses where fewer than two resolvers answered or they disagree, where it depends on the
/// message or could not be resolved, and where it admits no host, less than half of its IPv4 or
/// IPv6 addresses, much more than before, or more than a /8. Terms that `views` lacks leave the
/// lock.
Refresh refresh_lock(const SpfLock& old,
                     const std::map<std::string, std::vector<ResolvedTerm>>& views, Date today);

/// Whether `now` is much larger than `known`: it has more than four times as many IPv4 addresses
/// and over 65,536 more, or more than four times as many IPv6 /64 networks and over a /24 more. No
/// vendor grows like that within weeks; one whose record was changed by somebody else does.
bool is_much_wider(const spf::IpSet& now, const spf::IpSet& known);

/// "256 IPv4 addresses", with "and 65536 IPv6 /64 networks" where there is any IPv6.
std::string size_text(const spf::IpSet& set);

/// The set of networks written as in `LockedTerm::networks`, and back. Other texts are left out.
spf::IpSet set_of(const std::vector<std::string>& networks);
std::vector<std::string> texts_of(const spf::IpSet& set);

}  // namespace rampart
