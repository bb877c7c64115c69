/// PowerDNS Authoritative Server through its HTTP API.
#pragma once

#include <memory>

#include "base/clock.h"
#include "providers/http/http.h"
#include "providers/model/provider.h"
#include "providers/model/setting.h"

namespace rampart {

/// What the YAML may set, and what the server accepts.
std::vector<ProviderSetting> powerdns_settings();
Limits powerdns_limits();

/// Makes the provider from the setting `server_id` ("localhost" by default) and the environment's
/// PDNS_API_URL and PDNS_API_KEY, or the account's own variables.
Result<std::unique_ptr<Provider>> make_powerdns_provider(const ProviderSettings& settings,
                                                         Clock clock, HttpSettings http);

}  // namespace rampart
