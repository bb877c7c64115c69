/// From a parsed command line to an exit code: checks every value, makes the Context, runs the
/// command. main() only reads argv and passes it on.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/table.h"

namespace rampart {

/// A command line as typed: options and words are sorted by the table of commands, and not yet
/// checked.
struct Invocation {
  const Command* command = nullptr;     ///< None: no command was named, or only a group.
  Arguments arguments;                  ///< Global options too.
  std::vector<std::string> unexpected;  ///< Words that no row of the table knows, in order.
  std::string group = {};               ///< The first command word; empty: none was given.
};

/// Runs `invocation`. Whatever happens, standard output is flushed; a failed write is an error.
ExitCode run(const Invocation& invocation, ProcessEnv& process);

/// Reports a mistake in the command line itself, as text or as the errors document.
ExitCode usage_error(ProcessEnv& process, const Arguments& arguments, const std::string& message,
                     const std::string& hint);

}  // namespace rampart
