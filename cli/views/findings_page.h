/// docs/findings.md, embedded into the binary.
#pragma once

#include <string>
#include <string_view>

namespace rampart {

/// The section of docs/findings.md with the heading `code`, in Markdown; empty if there is none.
std::string finding_explained(std::string_view code);

}  // namespace rampart
