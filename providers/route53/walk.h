/// The fewest pages that tell what stands at some names of a zone.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "providers/route53/answers.h"

namespace rampart::route53 {

/// What the pages told.
struct Walked {
  std::vector<StoredSet> sets;
  bool complete = false;  ///< The whole zone was seen.
};

/// Gives the page that begins at a place, or the zone's first page.
using FetchPage = std::function<Result<SetPage>(const std::optional<NextSet>& from)>;

enum class WalkFrom { Start, FirstName };

/// Reads pages until everything at `names` was seen. Each page begins at the first name that is
/// still unknown, so that there are never more pages than names, nor more than the whole zone has;
/// from Start, and where no names are given, the zone is read from its beginning.
Result<Walked> walk(std::span<const Name> names, WalkFrom from, const FetchPage& fetch);

}  // namespace rampart::route53
