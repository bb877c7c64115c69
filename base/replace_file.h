/// Replacing a file's bytes as one step that a crash cannot halve.
#pragma once

#include <string>
#include <string_view>

#include "base/confined_path.h"

namespace rampart {

/// A lock on `folder` among the processes of this program; held until the descriptor goes.
Result<OpenFile> lock_folder(const OpenFile& folder);

/// Whether the file may be replaced: an Error that says what to do where its mode bits or the
/// system forbid writing. The superuser is held to the mode bits too: they are somebody's wish.
Result<Ok> check_writable(const OpenFile& folder, const std::string& name);

/// Puts `text` in place of `name`, which now holds `before`: a file beside it, synced, takes its
/// name; mode and owner stay. A conflict where the file holds something else.
Result<Ok> replace_file(const OpenFile& folder, const std::string& name, std::string_view before,
                        std::string_view text);

}  // namespace rampart
