/// `order:` of ramps and domains: which domains go first.
#pragma once

#include <vector>

#include "reconciler/config/loader.h"

namespace rampart::config {

/// The words and lists of `order:` that the forms accept.
const Shape& ramp_order_shape();
const Shape& domain_order_shape();

/// Fills in DmarcSpec::after of every domain, from its own `order:` (or that of `defaults`) and its
/// ramp's: names, each once, sorted. Reports names that the YAML does not list (`unknown-domain`),
/// and domains that wait for each other (`order-cycle`). `domain_maps` are the `domains:` of all
/// files; all domains must have been read. The cost is linear in domains, labels and entries.
void resolve_orders(Loader& loader, const Node* defaults,
                    const std::vector<const Node*>& domain_maps);

}  // namespace rampart::config
