#include "base/closest.h"

#include <algorithm>

namespace rampart {
namespace {

// The longest option or key of the YAML is far shorter; hostile input must not cost quadratic time.
constexpr std::size_t kLongestCompared = 64;

// Restricted Damerau-Levenshtein distance: two swapped neighbours count as one mistake.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t swap = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + swap});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string closest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > kLongestCompared) return "";
  std::string best;
  // A third of the word may differ, as in "aply" for "apply"; beyond that it is another word.
  std::size_t limit = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLongestCompared) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= limit) continue;
    // Only a strictly nearer word replaces it, so the first one stays on a tie.
    limit = distance;
    best = candidate;
  }
  return best;
}

}  // namespace rampart
