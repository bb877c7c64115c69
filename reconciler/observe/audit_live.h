/// Auditing the live DNS: the questions of many domains are resolved together.
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

/// The facts of every subject, in their order, and the number of questions resolved.
struct AuditRun {
  std::vector<audit::Facts> facts;
  std::size_t questions = 0;
  bool answered = false;  ///< At least one question was answered.
};

/// Resolves the questions of all subjects at once, then those that the answers raise, until there
/// are none; then fetches the policies, all at once too.
AuditRun audit_live(std::vector<audit::Subject> subjects,
                    const std::map<std::string, std::shared_ptr<const Sender>>& senders,
                    DnsSession& session, FetchPolicies fetching, const FetchLimits& limits);

}  // namespace rampart
