/// What the commands about reports share: the store, the YAML where there is one, the resolver.
#pragma once

#include <functional>

#include "cli/context/context.h"
#include "reports/analysis/reverse_dns_map.h"
#include "reports/ingest.h"

namespace rampart {

/// Where the store stands: `--store`, RAMPART_STORE, else rampart.db beside the YAML.
Result<std::string> store_path(const Context& context);

/// The whole YAML where -c names one or domains.yaml stands here, else the catalogue alone.
/// Failures are reported already.
std::optional<Config> config_or_catalogue(const Context& context);

/// As config_or_catalogue, but an empty one where there is no YAML: who names no sender need not
/// read the catalogue.
std::optional<Config> config_or_empty(const Context& context);

/// Asks the resolvers that the flags, the YAML or the system name.
Result<reports::Resolve> resolve_for(const Context& context, const Config& config);

/// The file that --reverse-dns-map names; empty where none is named.
Result<reports::ReverseDnsMap> host_owners(const Context& context);

}  // namespace rampart
