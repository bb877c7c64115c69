/// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rampart {

/// The word of `known` with the smallest edit distance to `word`; the first one on a tie. Empty
/// where none is near: at most a third of the word may differ, and words beyond 64 octets are
/// never compared, since the cost is quadratic in their length.
std::string closest(std::string_view word, const std::vector<std::string>& known);

}  // namespace rampart
