/// The evidence that planning judges by.
#pragma once

#include "cli/context/context.h"

namespace rampart {

/// What `--evidence FILE` holds, else what the store's verified reports say; empty where there is
/// neither file nor store.
Result<std::optional<Evidence>> evidence_for(const Context& context, const Config& config);

/// observe(), with the evidence beside what stands.
Result<World> observe_with_evidence(const Context& context, const Config& config,
                                    const Providers& providers, const ObserveOptions& options);

}  // namespace rampart
