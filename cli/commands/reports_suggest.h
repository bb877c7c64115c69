/// `reports sources --suggest`: the YAML lines that reports suggest, as a patch.
#pragma once

#include <vector>

#include "cli/context/context.h"
#include "reports/analysis/summary.h"

namespace rampart {

/// Prints a unified diff of the YAML that declares services seen but not declared. Suggestions that
/// cannot be a patch are printed to stderr.
ExitCode print_suggestions(const Context& context, const Config& config,
                           const std::vector<reports::Summary>& summaries);

/// A unified diff of one file with one hunk, from the first to the last line that differs; empty
/// where the texts are equal.
std::string unified_diff(const std::string& path, const std::string& before,
                         const std::string& after);

}  // namespace rampart
