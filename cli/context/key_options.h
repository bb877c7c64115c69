/// Options of the commands that use private keys: how to encrypt and to decrypt them.
#pragma once

#include <span>

#include "cli/context/context.h"
#include "keys/key_folder.h"

namespace rampart {

/// How new private keys are stored: unencrypted with `--unencrypted`, unless git would commit the
/// file; else encrypted to the YAML's recipients, else with the passphrase of the environment. An
/// Error lists the choices. `config` may be null.
Result<Protection> protection_for(const Context& context, const Config* config);

/// What can decrypt private keys: the passphrase of the environment, and the file of `--identity`.
Result<Unlock> unlock_for(const Context& context);

/// Removes the keys of these domains that a killed run made and did not come to name in the YAML,
/// so that the command starts again under the same names. Each removal is reported. To be called
/// before the folder is looked at.
Result<Ok> remove_unfinished_keys(const Context& context, std::span<const Name> domains);

/// The folder of the YAML, whether it exists or not.
std::string config_folder(const Context& context);

}  // namespace rampart
