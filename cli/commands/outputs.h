/// The files that a command writes, checked before it begins.
#pragma once

#include "cli/commands/table.h"

namespace rampart {

/// An Error where a file that an option of `command` names would overwrite something else: an input
/// of the run, another output, or a file that is not of the kind that the option writes, such as
/// the YAML, a zone file or a key.
Result<Ok> check_outputs(const Context& context, const Command& command);

}  // namespace rampart
