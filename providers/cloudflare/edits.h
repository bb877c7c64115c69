/// From changes of whole sets to the single records that Cloudflare keeps, each by its id.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/record.h"

namespace rampart::cloudflare {

/// What stands on the wire for "automatic", and what it means in seconds for a record that is not
/// proxied (documented, 2024-01).
constexpr std::chrono::seconds kAutomaticTtl{1};
constexpr std::chrono::seconds kMeantByAutomatic{300};

/// Bounds of any other TTL; an Enterprise zone may hold 30 (documented, 2024-08).
constexpr std::chrono::seconds kMinTtl{60};
constexpr std::chrono::seconds kMaxTtl{86400};

/// Octets of one TXT value (documented, 2024-01; values near 4,080 have been seen to pass since).
constexpr int kMostTxtOctets = 2048;

/// One record as Cloudflare keeps it: one value with an id and a TTL of its own.
struct Record {
  std::string id;
  RecordKey key;
  std::string value;         ///< As in RecordSet.
  std::chrono::seconds ttl;  ///< As on the wire: 1 is automatic.
  bool proxied = false;      ///< Served as addresses of Cloudflare.

  bool operator==(const Record&) const = default;
};

enum class EditKind { Delete, Patch, Post };

/// One entry of a batch. What is absent stays as it is.
struct Edit {
  EditKind kind;
  std::string id;  ///< Empty for a Post.
  RecordKey key;
  std::optional<std::string> value;
  std::optional<std::chrono::seconds> ttl;  ///< As on the wire.

  bool operator==(const Edit&) const = default;
};

/// The RRsets that `records` make up, as the world sees them: of siblings whose TTLs differ the
/// least counts, and a CNAME that is proxied, or flattened at the apex of `zone`, is none.
std::map<RecordKey, RecordSet> sets_of(std::span<const Record> records, const Name& zone);

/// Whether the host would take `change.after`, whatever stands: an Error for what it would refuse,
/// or would take and do something else with.
Result<Ok> check_change(const SetChange& change, const Name& zone);

/// The fewest edits that turn `records`, all that stand at the change's name, into `change.after`.
/// A conflict where they are not `change.before`; an Error where a CNAME is in the way.
Result<std::vector<Edit>> edits_for(const SetChange& change, std::span<const Record> records,
                                    const Name& zone);

/// Whether what `change` asks for is what `records`, all that stand at its name, make up.
bool stands(const SetChange& change, std::span<const Record> records, const Name& zone);

/// `groups` packed in their order into batches of at most `most` edits; a group is never cut. An
/// Error where one alone is larger.
Result<std::vector<std::vector<Edit>>> pack(std::span<const std::vector<Edit>> groups,
                                            std::size_t most);

}  // namespace rampart::cloudflare
