/// The table of backends.
#include "tests/contract/backends.h"

#include <array>

namespace rampart::contract {

std::span<const BackendType> backend_types() {
  // One row a line, so that rows are added side by side.
  // clang-format off
  static constexpr std::array kTypes = {
      BackendType{"cloudflare", make_cloudflare_backend},
      BackendType{"powerdns", make_powerdns_backend},
      BackendType{"rfc2136", make_rfc2136_backend},
      BackendType{"route53", make_route53_backend},
      BackendType{"zonefile", make_zonefile_backend},
  };
  // clang-format on
  return kTypes;
}

}  // namespace rampart::contract
