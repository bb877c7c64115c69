/// Golden files: whole outputs, reviewed like code and refreshed with UPDATE_GOLDEN=1.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/places.h"

namespace rampart::testing {

/// Compares `text` with tests/golden/<name>, or writes it there where UPDATE_GOLDEN is set.
inline void check_golden(const std::string& name, const std::string& text) {
  const std::string path = source_dir() + "/tests/golden/" + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ostringstream held;
  held << std::ifstream(path, std::ios::binary).rdbuf();
  INFO("golden file " << name);
  CHECK(text == held.str());
}

}  // namespace rampart::testing
