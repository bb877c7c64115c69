/// Errors on secrets and API addresses in the YAML: they belong in the environment.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/config/loader.h"

namespace rampart::config {

/// Reports that `key` of `map` looks like a secret. The hint names the environment variable to set;
/// which one depends on the provider's `type` in the same map.
void fail_secret(Loader& loader, const Node& key, const Node& map);

}  // namespace rampart::config
