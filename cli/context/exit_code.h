/// The exit codes of all commands (docs/commands.md).
#pragma once

namespace rampart {

enum class ExitCode : int {
  Ok = 0,          ///< Success, nothing to report.
  Error = 1,       ///< No result: bad usage, bad YAML, an unreadable file.
  Different = 2,   ///< There are changes, differences or findings.
  Withheld = 3,    ///< A change is withheld: an error finding, or a stale plan.
  Partly = 4,      ///< Some of it was written, some not.
  NotVisible = 5,  ///< Written, but not yet returned by every server.
};

}  // namespace rampart
