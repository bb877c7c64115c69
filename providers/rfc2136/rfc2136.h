/// Name servers that take dynamic updates (RFC 2136): BIND, Knot, PowerDNS and others.
#pragma once

#include <memory>

#include "base/clock.h"
#include "providers/model/provider.h"
#include "providers/model/setting.h"

namespace rampart {

/// What the YAML may set, and what such a server accepts.
std::vector<ProviderSetting> rfc2136_settings();
Limits rfc2136_limits();

/// What a server that shows no zone for a name may mean.
MissingZone rfc2136_missing_zone();

/// Makes the provider from the settings `server`, `transfer` (`server` by default), `tsig_name` and
/// `tsig_algorithm` (hmac-sha256 by default) and the environment's RAMPART_TSIG_SECRET or
/// RAMPART_TSIG_SECRET_<NAME>. Messages are signed with the clock's time.
Result<std::unique_ptr<Provider>> make_rfc2136_provider(const ProviderSettings& settings,
                                                        Clock clock = real_clock());

}  // namespace rampart
