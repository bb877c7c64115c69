/// Files embedded into the binary: the data of policies/ (catalogue, ramps), and the page that
/// explains findings.
#pragma once

#include <string>
#include <vector>

namespace rampart {

/// One embedded file: its path in the source tree and its text.
struct EmbeddedFile {
  std::string path;
  std::string text;
};

/// The catalogue and the ramps, in path order.
const std::vector<EmbeddedFile>& builtin_files();

/// docs/findings.md alone.
const std::vector<EmbeddedFile>& findings_page();

}  // namespace rampart
