/// Zone files in a folder: `<zone>.zone` or as the setting `file` says; RFC 1035 master files
/// edited in place.
#pragma once

#include <memory>

#include "providers/model/provider.h"
#include "providers/model/setting.h"

namespace rampart {

/// What the YAML may set, and what a file may hold.
std::vector<ProviderSetting> zonefile_settings();
Limits zonefile_limits();

/// Makes the provider from the settings `directory` (a path under the YAML's folder), `file` (the
/// names of the zones' files, "{zone}.zone" by default) and `serial` ("raise" by default, "keep").
Result<std::unique_ptr<Provider>> make_zonefile_provider(const ProviderSettings& settings);

}  // namespace rampart
