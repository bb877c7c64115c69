/// The CNAMEs and keys that a domain's senders require at selectors.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// What senders require at a selector: the same CNAME, or one of them a key of its own. Two senders
/// that both want a record at one name are a conflict unless it is the same record.
struct Delegation {
  std::optional<Name> target;        ///< Empty: a TXT record, which the vendor shows.
  std::vector<std::size_t> senders;  ///< Indexes into Domain.senders.
};

/// The names of the selectors that the YAML itself declares.
std::set<Name> declared_names(const Domain& domain);

/// The required records by name; of one sender's alternatives, the first that can be filled. A
/// declared selector wins over what a sender's row asks for: that is how a person resolves a
/// conflict.
std::multimap<Name, Delegation> delegations(const Domain& domain);

/// The ids of the senders that require something at the name: "a and b".
std::string names_of(const Domain& domain, const Name& at,
                     const std::multimap<Name, Delegation>& wanted);

/// The target to publish at `name`: the live one where all the senders have it among their right
/// targets, else the delegation's, which must have one.
Name desired_target(const Domain& domain, const World& world, const Name& name,
                    const Delegation& delegation);

}  // namespace rampart
