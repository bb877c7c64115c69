/// The evidence from reports that planning uses.
#pragma once

#include "cli/context/context.h"

namespace rampart {

/// The content of `--evidence FILE`, else the aggregate of the store's verified reports; empty if
/// there is neither file nor store.
Result<std::optional<Evidence>> evidence_for(const Context& context, const Config& config);

/// What `live` shows now, by the options of the context, with the evidence.
Result<World> observed_world(const Context& context, const Config& config, LiveFrom live);

/// observe(), with the evidence added.
Result<World> observe_with_evidence(const Context& context, const Config& config,
                                    const Providers& providers, const ObserveOptions& options);

}  // namespace rampart
