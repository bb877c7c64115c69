/// From a parsed command line to an exit code: checks every value, makes the Context, runs the
/// command. main() only reads argv and hands it here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/table.h"

namespace rampart {

/// A command line as typed, options and words sorted by the table of commands, nothing judged.
struct Invocation {
  const Command* command = nullptr;     ///< None: only global options were given.
  Arguments arguments;                  ///< Global options too.
  std::vector<std::string> unexpected;  ///< What no row of the table knows, in order.
};

/// Runs `invocation`; whatever happens, the answer is flushed and a failed write is an error.
ExitCode run(const Invocation& invocation, ProcessEnv& process);

/// Reports a mistake in the command line itself, as text or as the errors document.
ExitCode usage_error(ProcessEnv& process, const Arguments& arguments, const std::string& message,
                     const std::string& hint);

}  // namespace rampart
