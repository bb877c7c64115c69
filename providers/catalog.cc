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
      {"cloudflare", cloudflare_settings(), make_cloudflare_provider, false, "",
       cloudflare_limits()},
      {"powerdns", powerdns_settings(),
       [](Settings s) { return make_powerdns_provider(s, real_clock(), logging_to(s.log)); }, false,
       "", powerdns_limits()},
      {"rfc2136", rfc2136_settings(), [](Settings s) { return make_rfc2136_provider(s); }, false,
       "server", rfc2136_limits()},
      {"route53", route53_settings(), [](Settings s) { return make_route53_provider(s); }, false,
       "", route53_limits()},
      {"zonefile", zonefile_settings(), make_zonefile_provider, true, "directory",
       zonefile_limits()},
  }};
  return types;
}

}  // namespace

std::span<const ProviderType> provider_types() { return table(); }

const ProviderSetting* ProviderType::setting(std::string_view key) const {
  const auto found = std::ranges::find(settings, key, &ProviderSetting::name);
  return found == settings.end() ? nullptr : &*found;
}

// Five rows need no index.
const ProviderType* find_provider_type(std::string_view name) {
  const auto found = std::ranges::find(table(), name, &ProviderType::name);
  return found == table().end() ? nullptr : &*found;
}

}  // namespace rampart
