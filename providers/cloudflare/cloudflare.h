/// Cloudflare: DNS records through API v4.
#pragma once

#include <memory>

#include "providers/http/http.h"
#include "providers/model/provider.h"

namespace rampart {

/// Makes the provider from CLOUDFLARE_API_TOKEN and CLOUDFLARE_BASE_URL, or from the account's own
/// variables, and from the setting "requests_per_second". Nothing is asked of the host yet: an
/// account-owned token cannot be verified where a user's can, so that the first call to fail is the
/// one that tells.
Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings);

/// As above, with the time and the settings of the connection handed in.
Result<std::unique_ptr<Provider>> make_cloudflare_provider(const ProviderSettings& settings,
                                                           Clock clock, HttpSettings http);

}  // namespace rampart
