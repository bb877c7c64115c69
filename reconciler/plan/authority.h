/// Compares who may send or sign as a domain before and after a plan.
#pragma once

#include <vector>

#include "policies/model/plan.h"

namespace rampart {

/// The permissions that the plan's changes add and remove: one row for each domain that gains or
/// loses any, sorted by domain. SPF is compared by address where Rampart writes or evaluates the
/// record, else by term with a passing qualifier; DKIM by key fingerprint or CNAME target.
std::vector<Authority> authority_of(const Plan& plan, const Config& config, const World& world);

}  // namespace rampart
