/// Who may send or sign as a domain, before and after.
#pragma once

#include <span>
#include <vector>

#include "policies/plan.h"

namespace rampart {

/// What the changes give and take, one row a domain that gains or loses anything; sorted by domain.
/// SPF by term with a passing qualifier, DKIM by key fingerprint or CNAME target.
std::vector<Authority> authority_of(std::span<const Change> changes);

}  // namespace rampart
