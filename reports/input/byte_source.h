/// Streams of octets that are read block by block, and limits on what is read.
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

/// Limits beyond which an input is refused (RFC 9990 section 8.1).
struct InputLimits {
  std::uint64_t octets = 256ULL << 20;      ///< Of one report, unpacked.
  std::uint64_t json_octets = 4ULL << 20;   ///< Of one JSON report, which is held in memory.
  std::uint64_t mail_octets = 64ULL << 20;  ///< Of one mail, which is held in memory.
  /// Of mails that were unpacked, with their parts: all that are held at once, one in another.
  std::uint64_t unpacked_mail_octets = 16ULL << 20;
  std::uint64_t ratio = 200;                ///< Unpacked octets per packed one ...
  std::uint64_t free_octets = 8ULL << 20;   ///< ... beyond these.
  /// Of the dictionaries of xz streams that are open at once, one in another.
  std::uint64_t window_octets = 32ULL << 20;
  int depth = 6;                            ///< Containers within containers.
  int members = 20'000;                     ///< Of one archive.
};

/// How much of one packed input was read and unpacked so far.
struct Budget {
  std::uint64_t packed = 0;
  std::uint64_t unpacked = 0;
  std::uint64_t window = 0;  ///< Octets of the dictionaries that are in use now.

  /// An Error once the limits are exceeded.
  Result<Ok> check(const InputLimits& limits) const;
};

/// All of a stream; an Error beyond `most` octets.
Result<std::string> read_all(const ByteSource& source, std::uint64_t most);

/// A stream over text that the caller keeps alive.
ByteSource text_source(std::string_view text);

/// `head`, then the rest.
ByteSource joined_source(std::string head, ByteSource rest);

/// An unpacked gzip stream (of any number of members) or zlib stream; counted in `budget`.
ByteSource inflated_source(ByteSource packed, std::shared_ptr<Budget> budget,
                           const InputLimits& limits);

/// An unpacked xz file (of any number of streams); counted in `budget`.
ByteSource xz_source(ByteSource packed, std::shared_ptr<Budget> budget, const InputLimits& limits);

/// A file, or standard input for "-"; what was read is counted in `budget`.
Result<ByteSource> file_source(const std::string& path, std::shared_ptr<Budget> budget);

}  // namespace rampart::reports
