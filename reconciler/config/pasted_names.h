/// Names that people paste from a vendor's page where a part of a name belongs.
#pragma once

#include "reconciler/config/loader.h"

namespace rampart::config {

/// `bad-selector`: the selector at `node` ends with the domain, which Rampart adds itself.
void check_selector_end(Loader& loader, const Name& domain, const Node& node);

/// `wrong-value`: a value of `with:` that is empty, is no part of a DNS name, or repeats what the
/// sender's record has around it already. `with` is that map; its keys are known placeholders, or
/// were reported.
void check_placeholder_values(Loader& loader, const SenderUse& use, const Node& with);

}  // namespace rampart::config
