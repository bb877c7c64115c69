/// From changes of whole sets to the single records that Cloudflare keeps, each by its id.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "providers/model/sets.h"

namespace rampart::cloudflare {

/// The API's TTL for "automatic", and the TTL that a record then has if it is not proxied
/// (documented, 2024-01).
constexpr std::chrono::seconds kAutomaticTtl{1};
constexpr std::chrono::seconds kMeantByAutomatic{300};

/// Bounds of any other TTL; an Enterprise zone may hold 30 (documented, 2024-08).
constexpr std::chrono::seconds kMinTtl{60};
constexpr std::chrono::seconds kMaxTtl{86400};

/// Octets of all TXT values at one name together (documented, 2024-01).
constexpr int kMostNameOctets = 8192;

/// Octets of one TXT value (documented, 2024-01; values near 4,080 have been seen to pass since).
constexpr int kMostTxtOctets = 2048;

/// For whom the host keeps a record and refuses to change it.
enum class Lock {
  None,
  Product,       ///< Workers, R2, a tunnel, ...: `meta.read_only`, or `locked` until 2024.
  EmailRouting,  ///< The same, with `meta.email_routing`.
  Unlocked,      ///< Of Email Routing, but unlocked: it may be changed.
};

/// Whether the host refuses to change or delete such a record.
constexpr bool is_locked(Lock lock) { return lock == Lock::Product || lock == Lock::EmailRouting; }

/// One record as Cloudflare keeps it: one value with an id and a TTL of its own.
struct Record {
  std::string id;
  RecordKey key;
  std::string value;         ///< As in RecordSet.
  std::chrono::seconds ttl;  ///< As in the API: 1 is automatic.
  bool proxied = false;      ///< Served as addresses of Cloudflare.
  Lock lock = Lock::None;

  bool operator==(const Record&) const = default;
};

/// What one entry of a batch does to a record.
enum class EditKind { Delete, Patch, Post };

/// One entry of a batch. A member without a value keeps what the record has.
struct Edit {
  EditKind kind;
  std::string id;  ///< Empty for a Post.
  RecordKey key;
  std::optional<std::string> value;
  std::optional<std::chrono::seconds> ttl;  ///< As in the API.

  bool operator==(const Edit&) const = default;
};

/// The RRsets that `records` make up as DNS serves them. Where TTLs of one set differ, the smallest
/// counts (RFC 2181 section 5.2); a CNAME that is proxied, or flattened at the apex of `zone`, is
/// none.
RecordSets sets_of(std::span<const Record> records, const Name& zone);

/// Whether the host accepts `change.after`, whatever is live: an Error for what it would refuse, or
/// accept and store as something else.
Result<Ok> check_change(const SetChange& change, const Name& zone);

/// The fewest edits that turn `records`, all at the change's name, into `change.after`. A conflict
/// where they are not `change.before`; an Error where a CNAME excludes the new set, or where a
/// locked record would have to change.
Result<std::vector<Edit>> edits_for(const SetChange& change, std::span<const Record> records,
                                    const Name& zone);

/// What a plan must heed about `records`: those that are locked, and proxied CNAMEs, beside which
/// nothing can be written.
std::vector<ZoneNotice> notices_of(std::span<const Record> records, const Name& zone);

/// Whether `records`, all at the change's name, already make up `change.after`.
bool is_live(const SetChange& change, std::span<const Record> records, const Name& zone);

/// `groups` packed in their order into batches of at most `most` edits; a group is never split. An
/// Error where one group is larger.
Result<std::vector<std::vector<Edit>>> pack(std::span<const std::vector<Edit>> groups,
                                            std::size_t most);

}  // namespace rampart::cloudflare
