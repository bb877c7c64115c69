/// The stable codes of findings, holds and configuration errors. docs/findings.md explains each
/// under an anchor of the same name; a test holds the two together.
#pragma once

#include <span>
#include <string_view>

namespace rampart {

/// One code and its meaning in a line. `waivable`: a `waivers:` row may turn it into a warning.
struct Code {
  std::string_view code;
  std::string_view meaning;
  bool waivable = false;
};

/// All codes, sorted.
std::span<const Code> finding_codes();
const Code* find_code(std::string_view code);

}  // namespace rampart
