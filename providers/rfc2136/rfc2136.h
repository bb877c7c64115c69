/// Name servers that take dynamic updates (RFC 2136): BIND, Knot, PowerDNS and others.
#pragma once

#include <memory>

#include "base/clock.h"
#include "providers/model/provider.h"

namespace rampart {

/// Made from the settings `server`, `tsig_name` and `tsig_algorithm` (hmac-sha256 where it is not
/// named) and the environment's RAMPART_TSIG_SECRET or RAMPART_TSIG_SECRET_<NAME>.
Result<std::unique_ptr<Provider>> make_rfc2136_provider(const ProviderSettings& settings);

/// The same with a clock of the caller's, by which messages are signed.
Result<std::unique_ptr<Provider>> make_rfc2136_provider(const ProviderSettings& settings,
                                                        Clock clock);

}  // namespace rampart
