/// The table of provider types.
#include "providers/catalog.h"

#include <algorithm>
#include <array>

#include "providers/cloudflare/cloudflare.h"
#include "providers/powerdns/powerdns.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/route53/route53.h"
#include "providers/zonefile/zonefile.h"

namespace rampart {
namespace {

// Inside a function, so that other static objects may use it while they are initialised.
const std::array<ProviderType, 5>& table() {
  using Settings = const ProviderSettings&;
  static const std::array<ProviderType, 5> types = {{
      {"cloudflare", {"requests_per_second"}, make_cloudflare_provider, false, ""},
      {"powerdns",
       {"server_id"},
       [](Settings s) { return make_powerdns_provider(s, real_clock(), logging_to(s.log)); },
       false,
       ""},
      {"rfc2136",
       {"server", "tsig_name", "tsig_algorithm"},
       [](Settings s) { return make_rfc2136_provider(s); },
       false,
       "server"},
      {"route53",
       {"requests_per_second"},
       [](Settings s) { return make_route53_provider(s); },
       false,
       ""},
      {"zonefile", {"directory"}, make_zonefile_provider, true, "directory"},
  }};
  return types;
}

}  // namespace

std::span<const ProviderType> provider_types() { return table(); }

// Five rows need no index.
const ProviderType* find_provider_type(std::string_view name) {
  const auto found = std::ranges::find(table(), name, &ProviderType::name);
  return found == table().end() ? nullptr : &*found;
}

}  // namespace rampart
