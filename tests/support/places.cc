#include "tests/support/places.h"

namespace rampart {

std::string source_dir() { return RAMPART_SOURCE_DIR; }

}  // namespace rampart
