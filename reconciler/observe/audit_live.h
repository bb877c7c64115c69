/// Auditing the live DNS: many domains through one concurrent batch engine.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policies/audit/audit.h"
#include "providers/http/fetch.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {

/// Whether MTA-STS policies are fetched over HTTPS where a record announces one.
enum class FetchPolicies { No, Yes };

/// The facts of every subject, in their order, and how much was asked.
struct AuditRun {
  std::vector<audit::Facts> facts;
  std::size_t questions = 0;
  bool answered = false;  ///< Some name server answered something.
};

/// Asks the questions of all subjects at once, then what the answers lead to, until nothing new is
/// asked; then fetches the policies, all at once too.
AuditRun audit_live(std::vector<audit::Subject> subjects,
                    const std::map<std::string, std::shared_ptr<const Sender>>& senders,
                    ResolverSession& lookups, FetchPolicies fetching, const FetchLimits& limits);

}  // namespace rampart
