/// Where secrets and API addresses belong, for those who tried to write them into the YAML.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/config/yaml.h"

namespace rampart::config {

/// "set CLOUDFLARE_API_TOKEN in the environment", for `key` in `map`; a provider's own type, where
/// it stands beside the key, says which variable.
std::string secret_hint(std::string_view key, const Node& map);

}  // namespace rampart::config
