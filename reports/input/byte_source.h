/// Octets that are pulled block by block, and what may be pulled at most.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::reports {

/// The next octets, valid until the next call; empty at the end.
using ByteSource = std::function<Result<std::string_view>()>;

/// What an input may cost before it is refused (RFC 9990 section 8.1).
struct InputLimits {
  std::uint64_t octets = 256ULL << 20;      ///< Of one report, unpacked.
  std::uint64_t mail_octets = 64ULL << 20;  ///< Of one mail, which is held in memory.
  std::uint64_t ratio = 200;                ///< Unpacked octets for each packed one ...
  std::uint64_t free_octets = 8ULL << 20;   ///< ... beyond these.
  int depth = 6;                            ///< Containers within containers.
  int members = 20'000;                     ///< Of one archive.
};

/// What one packed input has given so far.
struct Budget {
  std::uint64_t packed = 0;
  std::uint64_t unpacked = 0;

  /// An Error once the limits are passed.
  Result<Ok> check(const InputLimits& limits) const;
};

/// All of a stream; an Error beyond `most` octets.
Result<std::string> pull_all(const ByteSource& pull, std::uint64_t most);

/// A stream over text that the caller keeps.
ByteSource pull_text(std::string_view text);

/// `head`, then the rest.
ByteSource pull_after(std::string head, ByteSource rest);

/// A gzip (any number of members) or zlib stream, unpacked; counted in `budget`.
ByteSource inflated(ByteSource packed, std::shared_ptr<Budget> budget, const InputLimits& limits);

/// A file, or standard input for "-"; what was read is counted in `budget`.
Result<ByteSource> pull_file(const std::string& path, std::shared_ptr<Budget> budget);

}  // namespace rampart::reports
