/// The readable data of policies/ (catalogue, ramps), embedded when the binary is built.
#pragma once

#include <string>
#include <vector>

namespace rampart {

/// One embedded file: its path in the source tree and its text.
struct EmbeddedFile {
  std::string path;
  std::string text;
};

const std::vector<EmbeddedFile>& builtin_files();

}  // namespace rampart
