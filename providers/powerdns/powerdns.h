/// PowerDNS Authoritative Server through its HTTP API.
#pragma once

#include <memory>

#include "base/clock.h"
#include "providers/http/http.h"
#include "providers/model/provider.h"

namespace rampart {

/// Made from the setting `server_id` ("localhost" where it is not named) and the environment's
/// PDNS_API_URL and PDNS_API_KEY, or those of the account.
Result<std::unique_ptr<Provider>> make_powerdns_provider(const ProviderSettings& settings);

/// The same with a clock and HTTP settings of the caller's.
Result<std::unique_ptr<Provider>> make_powerdns_provider(const ProviderSettings& settings,
                                                         Clock clock, HttpSettings http);

}  // namespace rampart
