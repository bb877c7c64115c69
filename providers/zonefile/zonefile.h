/// Zone files in a folder: `<zone>.zone`, RFC 1035 master files edited in place.
#pragma once

#include <memory>

#include "providers/model/provider.h"

namespace rampart {

/// Makes the provider from its one setting, `directory`, a path under the YAML's folder.
Result<std::unique_ptr<Provider>> make_zonefile_provider(const ProviderSettings& settings);

}  // namespace rampart
