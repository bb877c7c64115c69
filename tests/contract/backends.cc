/// The table of backends.
#include "tests/contract/backends.h"

#include <array>

namespace rampart::contract {

std::span<const BackendType> backend_types() {
  static const std::array types = {BackendType{"cloudflare", make_cloudflare_backend},
                                   BackendType{"route53", make_route53_backend},
                                   BackendType{"zonefile", make_zonefile_backend}};
  return types;
}

}  // namespace rampart::contract
