/// Archives of several files (zip and tar) and bzip2 files, read as streams by libarchive.
#pragma once

#include <functional>

#include "reports/input/byte_source.h"

namespace rampart::reports {

/// Calls `member` for each regular file, with its name and its octets; octets that it does not read
/// are skipped. Folders, links and what file managers add (`__MACOSX`, `.DS_Store`) are not
/// members. An Error where the archive cannot be read to its end. `budget` counts what is unpacked.
Result<Ok> for_each_member(
    ByteSource packed, std::shared_ptr<Budget> budget, const InputLimits& limits,
    const std::function<void(const std::string& name, const ByteSource& octets)>& member);

/// An unpacked bzip2 stream; counted in `budget`.
ByteSource bzip2_source(ByteSource packed, std::shared_ptr<Budget> budget,
                        const InputLimits& limits);

}  // namespace rampart::reports
