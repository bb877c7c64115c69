/// Changes packed into Route 53's atomic batches.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/record.h"
#include "providers/route53/answers.h"

namespace rampart::route53 {

/// One change with what it deletes, in the text in which that is stored.
struct Replacement {
  SetChange change;
  std::optional<StoredSet> stored;  ///< What stands for `change.before`.
};

using Batch = std::vector<Replacement>;

/// An Error for a new value that the host rejects by its size.
Result<Ok> check_values(const SetChange& change);

/// In order, as few batches as the quotas allow (1000 records and 32000 characters of values in
/// one); all of one name in one batch wherever that fits. An Error for a change that no batch can
/// hold.
Result<std::vector<Batch>> pack(std::span<const Replacement> replacements);

/// The request's body: every DELETE, then every CREATE, never UPSERT.
std::string batch_xml(const Batch& batch);

}  // namespace rampart::route53
