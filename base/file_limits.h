/// Takes rights to files away from this process, before it parses what anybody may have sent.
#pragma once

#include <string>
#include <vector>

namespace rampart {

/// What remains allowed. Paths that do not exist are left out. Files that are open stay usable.
struct FileLimits {
  std::vector<std::string> read;    ///< Files, and folders with everything below them.
  std::vector<std::string> write;   ///< The same; in a folder, files may also be made and removed.
  std::vector<std::string> remove;  ///< Folders in which files may be removed, and nothing else.
};

/// From here on, this thread and those that it starts can open only what `limits` allow, and start
/// no program (landlock(7)). This cannot be undone. Returns whether the kernel does it: Linux does
/// since 5.13 where Landlock is switched on; nothing changes elsewhere.
[[nodiscard]] bool limit_files(const FileLimits& limits);

/// What the C library and the libraries of the project open on their own while they work: shared
/// objects, certificates, character sets, names of hosts, time zones, devices such as /dev/null.
std::vector<std::string> system_files();

/// This process writes no core dump, and no other process of the same user can read its memory.
/// For commands that hold credentials or private keys.
void hide_memory();

}  // namespace rampart
