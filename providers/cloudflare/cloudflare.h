/// Cloudflare: DNS records through API v4.
#pragma once

#include <memory>

#include "providers/http/http.h"
#include "providers/model/provider.h"
#include "providers/model/setting.h"

namespace rampart {

/// What the YAML may set, and what the host accepts.
std::vector<ProviderSetting> cloudflare_settings();
Limits cloudflare_limits();

/// Makes the provider from CLOUDFLARE_API_TOKEN and CLOUDFLARE_BASE_URL, or from the account's own
/// variables, and from the setting "requests_per_second". The host is not called yet: the endpoint
/// that verifies a user's token refuses account-owned ones, so a bad token shows at the first call.
Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings);

/// As above, with a given clock and connection settings.
Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings,
                                                           Clock clock, HttpSettings http);

}  // namespace rampart
