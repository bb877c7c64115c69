/// Reading some names of a zone in as few pages as possible.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "providers/route53/answers.h"

namespace rampart::route53 {

/// What the pages contained.
struct Walked {
  std::vector<StoredSet> sets;
  bool complete = false;  ///< The whole zone was seen.
};

/// Fetches the page that begins at `from`, or the zone's first page.
using FetchPage = std::function<Result<SetPage>(const std::optional<NextSet>& from)>;

/// Where the first page begins: a small zone is read whole.
enum class WalkFrom { Start, FirstName };

/// Reads pages until all sets at `names` were seen. Each page begins at the first name that is
/// still unknown, so that there are never more pages than names, nor more than the whole zone has;
/// from Start, and where no names are given, the zone is read from its beginning.
Result<Walked> walk(std::span<const Name> names, WalkFrom from, const FetchPage& fetch);

}  // namespace rampart::route53
