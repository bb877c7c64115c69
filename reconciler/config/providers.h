/// Reading `providers:`: which keys a row has depends on its type.
#pragma once

#include "reconciler/config/loader.h"

namespace rampart::config {

/// Reads the rows of `map` into the configuration, and reports every mistake in them.
void read_providers(Loader& loader, const Node& map);

}  // namespace rampart::config
