/// Where the source tree is, for tests that read files of it.
#pragma once

#include <string>

namespace rampart {

/// The top of the source tree, absolute.
std::string source_dir();

}  // namespace rampart
