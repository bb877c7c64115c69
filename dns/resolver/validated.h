/// Answers with what the resolver says of their DNSSEC validation.
#pragma once

#include <span>
#include <vector>

#include "dns/resolver/resolver.h"

namespace rampart {

/// An answer, and whether its resolver validated all of it: the AD bit (RFC 4035 section 3.2.3).
/// The bit is as trustworthy as the resolver and the path to it.
struct ValidatedAnswer {
  Answer answer;
  bool authenticated = false;
};

/// As ask(). A chain of CNAMEs that a server leaves incomplete stays so.
std::vector<ValidatedAnswer> ask_validated(std::span<const Query> queries,
                                           const ResolverLimits& limits, ServerHistory& history);

}  // namespace rampart
