/// Changes packed into Route 53's atomic batches.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/record.h"
#include "providers/route53/answers.h"

namespace rampart::route53 {

/// Values of one RRset (Developer Guide, 2026).
constexpr int kMostValues = 400;

/// One change with the stored form of what it deletes.
struct Replacement {
  SetChange change;
  std::optional<StoredSet> stored;  ///< The live set that is `change.before`.
};

/// The changes of one request: all of them are applied, or none.
using Batch = std::vector<Replacement>;

/// An Error for a new value that the host rejects by its size.
Result<Ok> check_values(const SetChange& change);

/// In order, as few batches as the quotas allow (1000 records and 32000 characters of values in
/// one); the changes of one name share a batch where that fits. An Error for a change that exceeds
/// a batch.
Result<std::vector<Batch>> pack(std::span<const Replacement> replacements);

/// The request's body: every DELETE, then every CREATE. Never UPSERT, which would overwrite what
/// somebody else wrote meanwhile.
std::string batch_xml(const Batch& batch);

}  // namespace rampart::route53
