/// Runs a law over generated worlds, and checks that they reach the states that the law is about.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <string>

#include "tests/support/law_worlds.h"

namespace rampart::testing {

// How many worlds each law sees: few by default, so that the suite takes seconds; 120 in --all,
// 1,000 nightly.
inline unsigned worlds() {
  const char* asked = std::getenv("RAMPART_WORLDS");
  return asked == nullptr ? 20U : static_cast<unsigned>(std::stoul(asked));
}

// Making a world costs more than planning it, and every law sees the same ones: those of the short
// run are made once. The thousands of a long run would fill the memory.
inline const LawCase& kept_case(unsigned seed) {
  static std::map<unsigned, LawCase> kept;
  static LawCase last;
  if (seed > 20) return last = law_case(seed);
  const auto found = kept.find(seed);
  return found != kept.end() ? found->second : kept.emplace(seed, law_case(seed)).first->second;
}

template <class Law>
void for_all_worlds(Law law) {
  const unsigned count = worlds();
  for (unsigned seed = 1; seed <= count; ++seed) {
    INFO("seed " << seed);
    law(kept_case(seed));
  }
}

// A rare state that the worlds must reach so often, or the laws about it check nothing.
struct Minimum {
  const char* state;
  int of_60;
  int of_1000;
};

// Prints what was reached, and fails below the minimums.
inline void require_reached(const Reached& reached, std::initializer_list<Minimum> minimums) {
  for (const Minimum& minimum : minimums) {
    const auto found = reached.find(minimum.state);
    const int times = found == reached.end() ? 0 : found->second;
    fmt::print("  {}: {}\n", minimum.state, times);
    if (worlds() < 20) continue;
    // A third of the worlds may reach a sixth of the states: a few seeds differ much.
    const int wanted = worlds() < 60 ? minimum.of_60 / 6 : minimum.of_60;
    INFO(minimum.state << ": " << times);
    CHECK(times >= (worlds() < 1000 ? wanted : minimum.of_1000));
  }
}

}  // namespace rampart::testing
