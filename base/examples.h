/// Bounded sets of examples, for summaries over data that an outsider can write.
#pragma once

#include <cstddef>
#include <set>
#include <string>

namespace rampart {

/// Adds a non-empty text to a set of examples, unless the set already has `most` entries.
inline void add_example(std::set<std::string>& examples, const std::string& text,
                        std::size_t most) {
  if (!text.empty() && examples.size() < most) examples.insert(text);
}

}  // namespace rampart
