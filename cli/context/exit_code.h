/// The exit codes that every command keeps to.
#pragma once

namespace rampart {

enum class ExitCode : int {
  Ok = 0,
  Error = 1,       ///< Nothing was decided: bad usage, bad YAML, an unreadable file.
  Different = 2,   ///< There are changes, differences or findings.
  Withheld = 3,    ///< An error finding, a stale or a missing change keeps something back.
  Partly = 4,      ///< Some of it was written, some not.
  NotVisible = 5,  ///< Written, but not yet served everywhere.
};

}  // namespace rampart
