/// Asking the live DNS for commands that need no YAML.
#pragma once

#include "cli/context/context.h"
#include "reconciler/observe/mta_sts_fetch.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {

/// The YAML where one is named, else the catalogue alone. Failures are reported already.
std::optional<Config> config_if_named(const Context& context);

/// `--resolver`, else `--nameserver`, else what the YAML or the system names.
Result<ResolverSession> resolver_session(const Context& context, const Config& config);

/// How MTA-STS policies are asked for: `--mta-sts-connect`, `--check-mta-sts`, the environment.
PolicyFetch policy_fetch(const Context& context);

}  // namespace rampart
