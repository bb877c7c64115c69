/// Checks of what is published below a domain's `_domainkey`: undeclared selectors, CNAMEs without
/// a target.
#pragma once

#include <set>

#include "policies/model/policy.h"

namespace rampart {

/// Checks where a declared selector's CNAME leads, and the targets that it replaces. A target that
/// does not exist withholds a CNAME that is not live yet; every other fault of it is a warning.
void check_target(const Domain& domain, const World& world, const Name& selector,
                  const Name& target, PolicyResult& policy_result);

/// Reports the selectors of complete zone listings that are not among `declared`, and the keys in
/// the key folder that the YAML does not name.
void report_undeclared(const Domain& domain, const World& world, const std::set<Name>& declared,
                       PolicyResult& policy_result);

}  // namespace rampart
