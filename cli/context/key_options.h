/// How the commands that touch private keys are told to keep and to open them.
#pragma once

#include "cli/context/context.h"
#include "keys/key_folder.h"

namespace rampart {

/// How new private keys are kept: encrypted to the YAML's recipients, else by the passphrase of the
/// environment, else unencrypted where `--unencrypted` says so and no git work tree would take the
/// file up. An Error says what to choose from. `config` may be missing.
Result<Protection> protection_for(const Context& context, const Config* config);

/// What can open private keys: the passphrase of the environment, and the file of `--identity`.
Result<Unlock> unlock_for(const Context& context);

/// The folder of the YAML, whether it exists or not.
std::string config_folder(const Context& context);

}  // namespace rampart
