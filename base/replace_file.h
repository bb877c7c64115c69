/// Replacing a file that somebody else may also edit: locked, compared, swapped in one step.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace rampart {

/// Locks `folder` among the processes of this program, waiting for the lock; it is held as long as
/// the descriptor is open.
Result<UniqueFd> lock_folder(const UniqueFd& folder);

/// Checks that the file may be replaced: an Error that says what to do where its mode bits or the
/// system forbid writing. Mode bits also bind the superuser: somebody set them on purpose.
Result<Ok> check_writable(const UniqueFd& folder, const std::string& name);

/// Replaces the content of `name`, which must still be `before`, by `text`; owner and mode stay.
/// A conflict where the file holds anything else. A crash leaves either content, never a mixture.
Result<Ok> replace_file(const UniqueFd& folder, const std::string& name, std::string_view before,
                        std::string_view text);

}  // namespace rampart
