/// Options of every command that reads the store: domains and days.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/context/context.h"

namespace rampart {

/// Both ends included.
struct DaysAsked {
  Date since;
  Date until;
};

/// The days of --since and --until. Without them, all days that a report can be about: those of
/// impossible days are stored, but shown only on request.
Result<DaysAsked> days_asked(const Context& context);

/// The domains that --domain selects of those that `known` returns, else all of these. A plain
/// domain is included even if it is unknown: the answer then shows that it has no report.
Result<std::vector<Name>> domains_asked(
    const Context& context, const std::function<Result<std::vector<std::string>>()>& known);

}  // namespace rampart
