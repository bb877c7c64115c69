/// Who may send or sign as a domain, before and after.
#pragma once

#include <vector>

#include "policies/model/plan.h"

namespace rampart {

/// What the changes give and take, one row a domain that gains or loses anything; sorted by domain.
/// SPF by address where the record is ours to manage, else by term with a passing qualifier; DKIM
/// by key fingerprint or CNAME target.
std::vector<Authority> authority_of(const Plan& plan, const Config& config, const World& world);

}  // namespace rampart
