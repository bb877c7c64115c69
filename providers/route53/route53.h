/// Amazon Route 53's public hosted zones.
#pragma once

#include <functional>
#include <memory>

#include "providers/http/http.h"
#include "providers/model/provider.h"
#include "providers/model/setting.h"

namespace rampart {

/// What the YAML may set, and what the host accepts.
std::vector<ProviderSetting> route53_settings();
Limits route53_limits();

/// Credentials are found as AWS's own tools find them, at the first call. The setting
/// "requests_per_second" is the account's pace (5 by default). Where `exchange` is set, it is used
/// in place of the network.
Result<std::unique_ptr<Provider>> make_route53_provider(
    const ProviderSettings& settings, const Clock& clock = real_clock(),
    std::function<Exchange(const HttpRequest&)> exchange = {});

}  // namespace rampart
