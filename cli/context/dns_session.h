/// Live DNS lookups for commands that need no YAML.
#pragma once

#include "cli/context/context.h"
#include "reconciler/observe/mta_sts_fetch.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {

/// The YAML if `-c` names one, else the catalogue alone. Empty: a failure, already reported.
std::optional<Config> config_if_named(const Context& context);

/// A session with `--resolver`, else `--nameserver`, else the resolvers of the YAML or the system.
Result<DnsSession> resolver_session(const Context& context, const Config& config);

/// How MTA-STS policies are fetched, from `--mta-sts-connect`, `--check-mta-sts`, the environment.
PolicyFetch policy_fetch(const Context& context);

}  // namespace rampart
