/// How the keys of a sending service are exchanged: by itself behind CNAMEs, or by its users.
#pragma once

#include <string>

#include "policies/model/policy.h"

namespace rampart {

/// In one sentence for people: what the catalogue knows, else what follows from how the service
/// publishes its keys. Empty where it has no keys at all.
std::string how_keys_rotate(const Sender& sender);

}  // namespace rampart
