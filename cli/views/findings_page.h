/// The page that explains findings, as the binary carries it.
#pragma once

#include <string>
#include <string_view>

namespace rampart {

/// What docs/findings.md says under the heading `code`, in Markdown; empty where there is none.
std::string finding_explained(std::string_view code);

}  // namespace rampart
