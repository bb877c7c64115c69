/// The rows of a scan in a few octets each, so that a store is read and decoded once however often
/// its rows are visited.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "reports/analysis/address_table.h"
#include "reports/analysis/large_vector.h"

namespace rampart::reports {

/// What is kept of a row. Its part is whatever the caller counts: the rows of one report and day.
struct LoggedRow {
  std::uint32_t part = 0;
  std::uint32_t author = 0;  ///< The number of its author domain; mostly 0.
  std::int64_t count = 0;
};

/// Two lists that only grow: rows that belong to a group, and plain ones with their addresses.
/// Plain rows are kept in the order of AddressTable's shards, those of a shard in the order in
/// which they were added: looking up their addresses in this order reads a small part of that
/// table at a time. Rows must be added in the order of their parts.
class RowLog {
 public:
  void add_to_group(const LoggedRow& row, std::uint32_t group) {
    Stream& stream = streams_.back();
    std::uint8_t* const out = room(stream, row.part);
    std::memcpy(out + 1, &group, sizeof group);
    finish(stream, out, row, kShort, 0);
  }

  void add_plain(const LoggedRow& row, const spf::Ip& ip) {
    Stream& stream = streams_[AddressTable::shard_of(IpHash()(ip))];
    std::uint8_t* const out = room(stream, row.part);
    std::memcpy(out + 1, ip.octets.data(), ip.v6 ? kLong : kShort);
    finish(stream, out, row, ip.v6 ? kLong : kShort, ip.v6 ? kV6 : 0);
  }

  /// Visits the rows in groups: `visit(row, group)`.
  template <class Visit>
  void for_each_in_group(const Visit& visit) const {
    for_each(streams_.back(),
             [&](const LoggedRow& row, const std::uint8_t* from) { visit(row, word_of(from)); });
  }

  /// Replaces the address of each plain row by what `choose(row, ip)` returns; once.
  template <class Choose>
  void replace_addresses(const Choose& choose) {
    for_each_plain_octets([&](const LoggedRow& row, const std::uint8_t* from) {
      spf::Ip ip{.v6 = (*from & kV6) != 0};
      std::memcpy(ip.octets.data(), from + 1, ip.v6 ? kLong : kShort);
      const std::uint32_t chosen = choose(row, ip);
      // The pieces are this log's own.
      std::memcpy(const_cast<std::uint8_t*>(from) + 1, &chosen, sizeof chosen);
    });
  }

  /// Visits the plain rows: `visit(row, chosen)`.
  template <class Visit>
  void for_each_plain(const Visit& visit) const {
    for_each_plain_octets(
        [&](const LoggedRow& row, const std::uint8_t* from) { visit(row, word_of(from)); });
  }

 private:
  /// Rows of one part in a stream.
  struct Run {
    std::uint32_t part = 0;
    std::uint32_t rows = 0;
  };
  /// A row is an octet with its count and flags, then a group or an address, then, by the flags, a
  /// larger count and an author.
  struct Stream {
    std::vector<std::uint8_t*> pieces;
    std::vector<Run> runs;
    std::size_t used = kPiece;  ///< Octets of the last piece.
  };

  static constexpr std::uint8_t kMostCount = 0x3f;  ///< Means that eight octets follow.
  static constexpr std::uint8_t kV6 = 0x40;
  static constexpr std::uint8_t kHasAuthor = 0x80;
  static constexpr std::size_t kShort = 4;
  static constexpr std::size_t kLong = 16;
  static constexpr std::size_t kMostOctets = 1 + kLong + 8 + 4;
  /// No row crosses a piece, and no piece is ever moved.
  static constexpr std::size_t kPiece = 4096;
  static constexpr std::size_t kFirstSlab = 64 * kPiece;
  static constexpr std::size_t kLargestSlab = 1024 * kPiece;

  static std::uint32_t word_of(const std::uint8_t* from) {
    std::uint32_t word = 0;
    std::memcpy(&word, from + 1, sizeof word);
    return word;
  }

  std::uint8_t* room(Stream& stream, std::uint32_t part) {
    if (stream.used + kMostOctets > kPiece) {
      stream.pieces.push_back(new_piece());
      stream.used = 0;
    }
    if (stream.runs.empty() || stream.runs.back().part != part) stream.runs.push_back({part, 0});
    ++stream.runs.back().rows;
    return stream.pieces.back() + stream.used;
  }

  static void finish(Stream& stream, std::uint8_t* out, const LoggedRow& row, std::size_t size,
                     std::uint8_t flags) {
    std::uint8_t* end = out + 1 + size;
    const bool small = row.count >= 0 && row.count < kMostCount;
    if (!small) {
      std::memcpy(end, &row.count, sizeof row.count);
      end += sizeof row.count;
    }
    if (row.author != 0) {
      std::memcpy(end, &row.author, sizeof row.author);
      end += sizeof row.author;
      flags |= kHasAuthor;
    }
    *out = static_cast<std::uint8_t>(flags | (small ? row.count : kMostCount));
    stream.used += static_cast<std::size_t>(end - out);
  }

  template <class Visit>
  void for_each_plain_octets(const Visit& visit) const {
    for (std::size_t shard = 0; shard + 1 < streams_.size(); ++shard) {
      for_each(streams_[shard], visit);
    }
  }

  template <class Visit>
  static void for_each(const Stream& stream, const Visit& visit) {
    auto piece = stream.pieces.begin();
    std::size_t at = 0;
    for (const Run& run : stream.runs) {
      for (std::uint32_t i = 0; i < run.rows; ++i) {
        if (at + kMostOctets > kPiece) {
          ++piece;
          at = 0;
        }
        const std::uint8_t* const from = *piece + at;
        const std::uint8_t* end = from + 1 + ((*from & kV6) != 0 ? kLong : kShort);
        LoggedRow row{.part = run.part, .count = *from & kMostCount};
        if (row.count == kMostCount) {
          std::memcpy(&row.count, end, sizeof row.count);
          end += sizeof row.count;
        }
        if ((*from & kHasAuthor) != 0) {
          std::memcpy(&row.author, end, sizeof row.author);
          end += sizeof row.author;
        }
        at += static_cast<std::size_t>(end - from);
        visit(row, from);
      }
    }
  }

  std::uint8_t* new_piece() {
    if (slabs_.empty() || slab_used_ == slabs_.back().size()) {
      const std::size_t last = slabs_.empty() ? kFirstSlab / 2 : slabs_.back().size();
      slabs_.emplace_back(std::min(2 * last, kLargestSlab));
      slab_used_ = 0;
    }
    slab_used_ += kPiece;
    return slabs_.back().data() + slab_used_ - kPiece;
  }

  std::array<Stream, AddressTable::kShards + 1> streams_;  ///< The last one is of groups.
  std::vector<LargeVector<std::uint8_t>> slabs_;
  std::size_t slab_used_ = 0;  ///< Octets of the last slab.
};

}  // namespace rampart::reports
