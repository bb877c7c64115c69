/// First fit, beginning with the published packing.
#include "policies/spf/flatten_pack.h"

#include <algorithm>
#include <set>

namespace rampart {
namespace {

// A blank precedes each term in the record.
std::size_t octets_of(const std::vector<std::string>& terms) {
  std::size_t octets = 0;
  for (const std::string& term : terms) octets += term.size() + 1;
  return octets;
}

// The lowest number that neither packing uses. A published one is avoided even where its fragment
// is dropped: receivers may have cached its old content.
int free_number(const Packing& packing, const Packing& avoided) {
  int number = 1;
  while (packing.contains(number) || avoided.contains(number)) ++number;
  return number;
}

// Another order of the terms could save a record, but first fit moves no term that is placed.
void add_to_first_fit(const std::string& term, Packing& packing, const Packing& avoided,
                      std::size_t capacity) {
  for (auto& [number, terms] : packing) {
    if (octets_of(terms) + term.size() + 1 > capacity) continue;
    terms.push_back(term);
    return;
  }
  packing[free_number(packing, avoided)].push_back(term);
}

Packing fill(const std::vector<std::string>& terms, Packing packing, const Packing& avoided,
             std::size_t capacity) {
  for (const std::string& term : terms) add_to_first_fit(term, packing, avoided, capacity);
  return packing;
}

}  // namespace

// Terms stay in their fragments, so that one new network changes one record and not all of them.
Packing pack(const std::vector<std::string>& terms, const Packing& published,
             std::size_t capacity) {
  std::set<std::string> unplaced(terms.begin(), terms.end());
  Packing kept;
  for (const auto& [number, own] : published) {
    for (const std::string& term : own) {
      const bool fits = octets_of(kept[number]) + term.size() + 1 <= capacity;
      if (fits && unplaced.erase(term) > 0) kept[number].push_back(term);
    }
  }
  std::vector<std::string> fresh;
  std::ranges::copy_if(terms, std::back_inserter(fresh),
                       [&](const std::string& term) { return unplaced.contains(term); });
  Packing packing = fill(fresh, kept, published, capacity);
  std::erase_if(packing, [](const auto& fragment) { return fragment.second.empty(); });
  Packing repacked = fill(terms, {}, published, capacity);
  Packing& best = repacked.size() + 2 <= packing.size() ? repacked : packing;
  for (auto& [number, own] : best) {
    std::ranges::sort(own, {}, [&](const std::string& term) {
      return std::ranges::find(terms, term) - terms.begin();
    });
  }
  return std::move(best);
}

}  // namespace rampart
