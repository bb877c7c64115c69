/// The backends of the contract suite: one line here and one in backends.cc for each.
#pragma once

#include "tests/contract/contract.h"

namespace rampart::contract {

std::unique_ptr<Backend> make_cloudflare_backend();
std::unique_ptr<Backend> make_zonefile_backend();
std::unique_ptr<Backend> make_route53_backend();

/// `sets` without the SOA and NS sets at the zone's apex.
Sets without_authority(const Name& zone, Sets sets);

}  // namespace rampart::contract
